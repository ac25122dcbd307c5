import { announce } from '../../http/announce.ts';
import {
  HttpClient,
  readAuthorities,
  type HttpRequest,
  type HttpResponse,
} from '../../http/client.ts';
import { HoldfastError } from '../../failure.ts';
import type { Secret } from '../../secrets.ts';
import { parse } from './lossless-json.ts';
import { readComplaint, refusal, type Complaint } from './failures.ts';

export interface ClientOptions {
  url: string;
  ca?: string | undefined;
  connections: number;
  stallMs: number;
  signal: AbortSignal;
}

type Call = Omit<HttpRequest, 'path'> & {
  path: string;
  token: Secret | null;
  /** Statuses that the caller judges by itself. */
  accept?: number[];
};

/** Flushing a cache before the first byte, and indexing a shard before the answer, take the server their time. */
const PATIENCE = 10;

/** Who judges an upload by its length answers at once. */
const ANNOUNCED_MS = 10_000;

/** Requests to one server, with its failures translated. Knows routes of no operation in particular. */
export class InfluxClient {
  /** For people: `InfluxDB at http://127.0.0.1:8086`. */
  readonly server: string;
  readonly #http: HttpClient;
  readonly #options: ClientOptions;
  readonly #patienceMs: number;

  constructor(options: ClientOptions) {
    this.server = `InfluxDB at ${options.url.replace(/\/$/, '')}`;
    this.#options = options;
    this.#http = new HttpClient({ ...options, server: this.server });
    this.#patienceMs = options.stallMs * PATIENCE;
  }

  /** The answer, when its status is 2xx or accepted. @throws a translated refusal */
  async send({ token, accept = [], ...call }: Call): Promise<HttpResponse> {
    const response = await this.#http.request({
      patienceMs: this.#patienceMs,
      ...call,
      headers: {
        ...(token === null ? {} : { authorization: `Token ${token.reveal()}` }),
        ...(typeof call.body === 'string' ? { 'content-type': 'application/json' } : {}),
        ...(typeof call.body === 'object' ? { 'content-type': 'application/octet-stream' } : {}),
        ...call.headers,
      },
    });
    if (response.status < 300 || accept.includes(response.status)) return response;
    throw refusal(await readComplaint(response), this.server, call.operation);
  }

  /**
   * Announces an upload and sends none of it.
   * @returns the status of the answer, if there was one
   */
  async announce(path: string, token: Secret, bytes: number): Promise<number | undefined> {
    const { url, ca, signal, stallMs } = this.#options;
    return announce({
      url: url.replace(/\/$/, '') + path,
      headers: { authorization: `Token ${token.reveal()}` },
      bytes,
      ca: ca === undefined ? undefined : readAuthorities(ca),
      signal,
      patienceMs: Math.min(stallMs, ANNOUNCED_MS),
    });
  }

  /** The JSON of an answer, with every digit of its integers. */
  async json(call: Call): Promise<unknown> {
    return this.#parsed(await this.send(call), call.operation);
  }

  /** The JSON of an answer, or what the server says instead when it has an accepted status. */
  async jsonOr(call: Call & { accept: number[] }): Promise<{ value: unknown } | Complaint> {
    const response = await this.send(call);
    if (call.accept.includes(response.status)) return readComplaint(response);
    return { value: await this.#parsed(response, call.operation) };
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #parsed(response: HttpResponse, operation: string): Promise<unknown> {
    const text = await response.text();
    if (text.trim() === '') return null;
    try {
      return parse(text);
    } catch (cause) {
      throw new HoldfastError(
        'WRONG_SERVER',
        `${this.server}: ${operation} failed: the answer is not JSON, so another program answers there.`,
        { cause },
      );
    }
  }
}
