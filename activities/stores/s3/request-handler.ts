import type { Readable } from 'node:stream';
import { StallWatch } from '../../stall-watch.ts';
import { onAbort } from '../interruption.ts';
import type { Pools } from '../pools.ts';
import { ResponseStream } from './response-stream.ts';

/** What a call tells the handler beside the request; it travels on the command's input. */
export interface CallContext {
  signal?: AbortSignal | undefined;
  /** The store may have much to do before it answers. */
  commits?: boolean;
}
export const CALL = Symbol('holdfast call');

/** The SDK's request, as it comes out of the middleware. */
interface HttpRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
  [CALL]?: CallContext;
}

/**
 * Sends the SDK's requests by undici, which costs about half of what Node's own client costs for large bodies, and
 * gives up on one whose bytes have not moved for `stallMs`, in whichever direction they should; for the answer to a
 * commit it waits `commitMs`.
 */
export function createRequestHandler(
  pools: Pools,
  { stallMs, commitMs }: { stallMs: number; commitMs: number },
) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: HttpRequest) {
      const { signal, commits } = request[CALL] ?? {};
      const watch = watchFor(commits ? commitMs : stallMs, signal);
      try {
        const port = request.port === undefined ? '' : `:${request.port}`;
        const answer = await pools.exchange(
          {
            origin: `${request.protocol}//${request.hostname}${port}`,
            path: request.path + queryString(request.query),
            method: request.method,
            headers: request.headers,
            // Else undici gives up the connection of every HEAD, for the sake of servers that answer one with a body.
            reset: false,
            body: bodyOf(request.body, watch.moved),
            // While the reader itself is slow, undici's clock stands still.
            bodyTimeout: stallMs,
          },
          watch.signal,
        );
        if (request.method === 'HEAD') watch.end();
        return {
          response: {
            statusCode: answer.status,
            headers: singleValues(answer.headers),
            body: new ResponseStream(answer.body).once('close', watch.end),
          },
        };
      } catch (error) {
        watch.end();
        throw watch.signal.aborted ? watch.signal.reason : error;
      } finally {
        watch.answered();
      }
    },
    // The SDK's interface; nothing is configured through it.
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
    destroy: () => undefined,
  };
}

export class StallError extends Error {
  readonly code = 'TimeoutError';
  override readonly name = 'TimeoutError';
}

function watchFor(stallMs: number, signal: AbortSignal | undefined) {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const forget = onAbort(signal, () => controller.abort(signal?.reason));
  const watch = new StallWatch(stallMs, () => {
    controller.abort(new StallError(`no byte moved for ${stallMs} ms`));
  });
  return {
    signal: controller.signal,
    moved: () => watch.touch(),
    answered: () => watch.stop(),
    end: () => {
      watch.stop();
      forget();
    },
  };
}

const SLICE = 1024 * 1024;

/** Large bodies go in slices, so that a slow upload that moves is told from one that stands. */
function bodyOf(body: unknown, moved: () => void) {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string') return body;
  const bytes = body as Uint8Array;
  if (bytes.byteLength <= SLICE) return bytes;
  const slices = async function* () {
    for (let from = 0; from < bytes.byteLength; from += SLICE) {
      yield bytes.subarray(from, from + SLICE);
      moved();
    }
  };
  // undici takes any iterable of bytes; its types name only this one.
  return slices() as unknown as Readable;
}

function queryString(query: HttpRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === null
      ? [escape(name)]
      : [value].flat().map((single) => `${escape(name)}=${escape(single)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** As the signature has it: everything but the unreserved characters. */
function escape(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function singleValues(headers: Record<string, string | string[] | undefined>) {
  const single: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) single[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return single;
}
