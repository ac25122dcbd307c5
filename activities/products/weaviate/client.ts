import type { SecretReference } from '../../../workflows/contract/snapshot.ts';
import { HoldfastError } from '../../failure.ts';
import { HttpClient, type HttpRequest, type HttpResponse } from '../../http/client.ts';
import { readSecret } from '../../secrets.ts';
import type { Connection } from './config.ts';
import { readComplaint, refusal, type Complaint } from './failures.ts';

export interface ClientOptions {
  target: string;
  connection: Connection;
  connections: number;
  stallMs: number;
  signal: AbortSignal;
}

type Call = Omit<HttpRequest, 'headers' | 'body'> & {
  json?: unknown;
  /** Statuses that the caller judges by itself. */
  accept?: number[];
};

/** The shards of a hundred thousand tenants. */
const LARGEST_ANSWER = 256 * 1024 * 1024;

/** Requests to one server, with its failures translated. Knows routes of no operation in particular. */
export class WeaviateClient {
  /** For people: `Weaviate at http://127.0.0.1:8080`. */
  readonly server: string;
  readonly signal: AbortSignal;
  readonly #http: HttpClient;
  readonly #secret: { reference: SecretReference; purpose: string } | undefined;

  constructor({ target, connection, ...options }: ClientOptions) {
    const { url, ca, apiKey, oidcToken } = connection;
    this.server = `Weaviate at ${url.replace(/\/$/, '')}`;
    this.signal = options.signal;
    this.#http = new HttpClient({ ...options, url, ca, server: this.server });
    const reference = apiKey ?? oidcToken;
    const what = apiKey ? 'API key' : 'OIDC token';
    this.#secret = reference && { reference, purpose: `the ${what} of target ${target}` };
  }

  /** The answer, when its status is 2xx or accepted. @throws a translated refusal */
  async send({ json, accept = [], ...call }: Call): Promise<HttpResponse> {
    const secret = this.#secret && (await readSecret(this.#secret.reference, this.#secret.purpose));
    const response = await this.#http.request({
      ...call,
      headers: {
        ...(secret && { authorization: `Bearer ${secret.reveal()}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    if (response.status < 300 || accept.includes(response.status)) return response;
    throw refusal(await readComplaint(response), this.server, call.operation);
  }

  async json(call: Call): Promise<unknown> {
    const response = await this.send(call);
    return this.parsed(await response.text(LARGEST_ANSWER), call.operation);
  }

  /** The JSON of an answer, or what the server says instead when it has an accepted status. */
  async jsonOr(call: Call & { accept: number[] }): Promise<{ value: unknown } | Complaint> {
    const response = await this.send(call);
    if (call.accept.includes(response.status)) return readComplaint(response);
    return { value: this.parsed(await response.text(LARGEST_ANSWER), call.operation) };
  }

  parsed(text: string, operation: string): unknown {
    if (text.trim() === '') return null;
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new HoldfastError(
        'WRONG_SERVER',
        `${this.server}: ${operation} failed: the answer is not JSON, so another program answers there.`,
        { cause },
      );
    }
  }

  async close(): Promise<void> {
    await this.#http.close();
  }
}
