import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { Pool } from 'undici';
import { HoldfastError } from '../failure.ts';
import { StallWatch } from '../stall-watch.ts';
import { exchange, type Answer } from './exchange.ts';
import { bodyFailure, connectFailure, type Subject } from './translate.ts';
import { WatchedBody } from './watched-body.ts';

export interface HttpOptions {
  /** `http://host:port`, with an optional path in front of every request's own. */
  url: string;
  /** For people, in every failure: `InfluxDB at http://127.0.0.1:8086`. */
  server: string;
  /** A file with certificates of authorities to trust beside the system's. */
  ca?: string | undefined;
  /** Connections at a time. */
  connections: number;
  /** Neither side moved a byte for so long: the call is given up. */
  stallMs: number;
  signal: AbortSignal;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  /** A string is sent as it is; a stream is sent in chunks, and ends the request when it throws. */
  body?: string | AsyncIterable<Uint8Array>;
  /** For people: `downloading shard 31`. */
  operation: string;
  /** How long the first byte of the answer may take; default `stallMs`. */
  patienceMs?: number;
}

export interface HttpResponse {
  status: number;
  /** The first value of a header. */
  header(name: string): string | undefined;
  /** The bytes as they come: nothing is decoded. Throws SOURCE_TRUNCATED or SOURCE_STALLED, never ends early. */
  body: AsyncIterable<Uint8Array>;
  /** The whole body as text, at most `limit` bytes of it. */
  text(limit?: number): Promise<string>;
  /** Reads what is left, or gives the connection up when that is much. */
  discard(): Promise<void>;
}

export const CONNECT_MS = 10_000;

/**
 * A small HTTP/1.1 client for servers of databases. It never decodes, follows, retries or times out by itself except
 * for stalls; every call ends within a second of the signal; every failure is a `HoldfastError` that names server and
 * operation. Statuses are the caller's to judge.
 */
export class HttpClient {
  readonly #options: HttpOptions;
  readonly #origin: string;
  readonly #prefix: string;
  #pool: Pool | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
    const url = new URL(options.url);
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/$/, '');
  }

  async request(call: HttpRequest): Promise<HttpResponse> {
    const { signal, stallMs, server } = this.#options;
    signal.throwIfAborted();
    const subject: Subject = { server, operation: call.operation };
    const pool = this.#connect();
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const patienceMs = Math.max(call.patienceMs ?? 0, stallMs);
    const waiting = new StallWatch(patienceMs, () => stop.abort(stalled(subject, patienceMs)));
    const upload = new StallWatch(stallMs, () => stop.abort(stalled(subject, stallMs)));
    upload.pause();
    const source = { error: undefined as unknown };
    let body: string | AsyncIterable<Uint8Array> | undefined = call.body;
    if (typeof body === 'object') {
      waiting.pause();
      body = watched(body, { upload, waiting, source });
    }
    const done = () => {
      signal.removeEventListener('abort', onAbort);
      waiting.stop();
      upload.stop();
    };
    try {
      const answer = await exchange(
        pool,
        {
          path: this.#prefix + call.path + queryString(call.query),
          method: call.method,
          headers: { 'accept-encoding': 'identity', ...call.headers },
          // undici takes any async iterable, though its types name only some.
          body: (body as Readable | string | undefined) ?? null,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        stop.signal,
      );
      waiting.stop();
      return new Received(answer, { subject, stallMs, stop, source, done });
    } catch (error) {
      done();
      throw settle(error, { stop, source, otherwise: () => connectFailure(error, subject) });
    }
  }

  /** Ends every connection, also those in use. */
  async close(): Promise<void> {
    await this.#pool?.destroy();
    this.#pool = undefined;
  }

  #connect(): Pool {
    const { ca, connections } = this.#options;
    this.#pool ??= new Pool(this.#origin, {
      connections,
      pipelining: 1,
      connect: { timeout: CONNECT_MS, ...(ca === undefined ? {} : { ca: readAuthorities(ca) }) },
    });
    return this.#pool;
  }
}

interface CallState {
  subject: Subject;
  stallMs: number;
  stop: AbortController;
  /** What the upload's own source threw. */
  source: { error: unknown };
  done: () => void;
}

class Received implements HttpResponse {
  readonly status: number;
  readonly #answer: Answer;
  readonly #call: CallState;

  constructor(answer: Answer, call: CallState) {
    this.status = answer.status;
    this.#answer = answer;
    this.#call = call;
  }

  header(name: string): string | undefined {
    const value = this.#answer.headers[name.toLowerCase()];
    return Array.isArray(value) ? value[0] : value;
  }

  get body(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#read() };
  }

  #read(): AsyncIterator<Uint8Array, undefined> {
    const { subject, stallMs, stop, source, done } = this.#call;
    const watch = new StallWatch(stallMs, () => stop.abort(stalled(subject, stallMs)));
    watch.pause();
    return new WatchedBody(this.#answer.body, watch, done, (error) =>
      settle(error, { stop, source, otherwise: () => bodyFailure(error, subject) }),
    );
  }

  async text(limit = 64 * 1024 * 1024): Promise<string> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of this.body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= limit) break;
    }
    return Buffer.concat(chunks).subarray(0, limit).toString('utf8');
  }

  async discard(): Promise<void> {
    await this.text(64 * 1024).catch(() => undefined);
  }
}

/** The reason of an abort, or what the upload's own source threw, says more than the transport's echo of it. */
function settle(
  error: unknown,
  context: {
    stop: AbortController;
    source: { error: unknown };
    otherwise: () => HoldfastError;
  },
): unknown {
  if (context.source.error !== undefined) return context.source.error;
  if (context.stop.signal.aborted) return context.stop.signal.reason;
  if (error instanceof HoldfastError) return error;
  return context.otherwise();
}

/** Watches the server's side of an upload only: while we wait for our own source, the clock stands. */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  watch: { upload: StallWatch; waiting: StallWatch; source: { error: unknown } },
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      watch.upload.touch();
      yield chunk;
      watch.upload.pause();
    }
    watch.waiting.touch();
  } catch (error) {
    watch.source.error = error;
    throw error;
  }
}

function stalled({ server, operation }: Subject, ms: number): HoldfastError {
  return new HoldfastError(
    'SOURCE_STALLED',
    `${server}: ${operation} stalled: nothing moved for ${Math.round(ms / 100) / 10} s.`,
  );
}

function queryString(query: HttpRequest['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

export function readAuthorities(file: string): string[] {
  try {
    return [...rootCertificates, readFileSync(file, 'utf8')];
  } catch (cause) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `The file ${file} of connection.ca cannot be read here.`,
      {
        cause,
      },
    );
  }
}
