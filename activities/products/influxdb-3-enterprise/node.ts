import { HttpClient, type HttpRequest } from '../../http/client.ts';
import type { Secret } from '../../secrets.ts';
import type { Answer } from './answer.ts';

export interface NodeOptions {
  url: string;
  ca?: string | undefined;
  connections: number;
  stallMs: number;
  signal: AbortSignal;
}

export interface NodeCall {
  method: HttpRequest['method'];
  path: string;
  body?: unknown;
  /** For people: `starting backup x`. */
  operation: string;
  patienceMs?: number;
  /** It may be sent again when its answer was lost. Default: whether it is a GET. */
  changesNothing?: boolean;
  /** Before each time that it is sent. */
  onSend?: () => void;
  /** When a round over the nodes failed, no other follows, unless they only were of another role. */
  once?: boolean;
}

/** One address: a node, or a load balancer before some. */
export class Node {
  readonly server: string;
  readonly #http: HttpClient;

  constructor(options: NodeOptions) {
    this.server = `InfluxDB 3 Enterprise at ${options.url.replace(/\/$/, '')}`;
    this.#http = new HttpClient({ ...options, server: this.server });
  }

  /** Whatever it answers. @throws when there is no answer */
  async ask(
    { method, path, body, operation, patienceMs }: NodeCall,
    token: Secret,
  ): Promise<Answer> {
    const response = await this.#http.request({
      method,
      path,
      operation,
      headers: {
        authorization: `Bearer ${token.reveal()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(patienceMs === undefined ? {} : { patienceMs }),
    });
    const text = await response.text();
    return {
      server: this.server,
      operation,
      status: response.status,
      text,
      json: parsed(text),
      header: (name) => response.header(name),
    };
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
