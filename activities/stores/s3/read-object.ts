import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { HoldfastError } from '../../failure.ts';
import { Interruption } from '../interruption.ts';
import { etagOf, quoted } from './etag.ts';
import { faultOf, isPassing } from './failure.ts';
import type { S3Requests } from './requests.ts';
import { chunksOf } from './response-stream.ts';

/** Cuts in a row without a single byte in between, after which a read gives up. */
const FRUITLESS_TRIES = 4;

export interface ReadRequest {
  bucket: string;
  key: string;
  /** How the store and the object are called in a sentence. */
  store: string;
  name: string;
  start?: number | undefined;
  end?: number | undefined;
  /** The one object that is meant. */
  etag?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The bytes of an object or a range of it, exactly as many as asked for. A connection that is cut is taken up again
 * where it was cut, and only at the very same object (by its ETag).
 */
export async function* readObject(
  requests: S3Requests,
  request: ReadRequest,
): AsyncIterable<Uint8Array> {
  const interruption = new Interruption(request.signal);
  let position = request.start ?? 0;
  let end = request.end;
  let etag = request.etag === undefined ? undefined : quoted(request.etag);
  let fruitless = 0;
  if (end !== undefined && position >= end) return;
  try {
    for (;;) {
      const before = position;
      const answer = await get(requests, request, position, end, etag).catch((error: unknown) => {
        throw faultOf(error).status === 412 ? changed(request.store, request.name) : error;
      });
      const body = answer.Body as Readable;
      try {
        end = checkRange(request, answer, position, end);
        if (isOther(etag, answer)) throw changed(request.store, request.name);
        etag ??= answer.ETag;
        const chunks = chunksOf(body);
        for (;;) {
          const next = await interruption.wait(chunks.next());
          // The end is waited for, too: a body that is left before costs its connection.
          if (next.done) break;
          position += next.value.byteLength;
          if (position > end) throw wrong(request, 'sent more than it was asked for');
          yield next.value;
        }
      } catch (error) {
        if (error instanceof HoldfastError || !isPassing(cutOff(error))) throw error;
      } finally {
        body.on('error', () => undefined).destroy();
      }
      if (position === end) return;
      fruitless = position > before ? 1 : fruitless + 1;
      if (fruitless === FRUITLESS_TRIES) {
        throw wrong(request, `sent only ${position} of ${end ?? 'all'} bytes`);
      }
      await requests.pause(fruitless, request.signal);
    }
  } finally {
    interruption.end();
  }
}

async function get(
  requests: S3Requests,
  { bucket, key, signal }: ReadRequest,
  start: number,
  end: number | undefined,
  etag: string | undefined,
): Promise<GetObjectCommandOutput> {
  const whole = start === 0 && end === undefined;
  return requests.send({ signal }, (client, bind) =>
    client.send(
      bind(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(!whole && { Range: `bytes=${start}-${end === undefined ? '' : end - 1}` }),
          ...(etag !== undefined && { IfMatch: etag }),
        }),
      ),
    ),
  );
}

/** A store or a proxy that ignores or mistakes a range would put the wrong bytes into the right place. */
function checkRange(
  request: ReadRequest,
  answer: GetObjectCommandOutput,
  start: number,
  end: number | undefined,
): number {
  const length = answer.ContentLength;
  if (length === undefined) throw wrong(request, 'did not say how long it is');
  const asked = start > 0 || end !== undefined;
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.ContentRange ?? '');
  if (!asked) return length;
  if (!range) {
    // The whole object, when all of it was asked for by its length.
    if (start === 0 && length === end) return length;
    throw wrong(request, 'sent the whole of it where a range was asked for');
  }
  const [from, to] = [Number(range[1]), Number(range[2]) + 1];
  if (from !== start || to - from !== length || (end !== undefined && to > end)) {
    throw wrong(
      request,
      `sent bytes ${from} to ${to} where ${start} to ${end ?? 'the end'} were asked for`,
    );
  }
  if (end !== undefined && to < end) {
    throw wrong(request, `holds only ${to} bytes where bytes up to ${end} were asked for`);
  }
  if (end === undefined && range[3] !== '*' && to !== Number(range[3])) {
    throw wrong(request, `sent only ${to} of ${range[3]} bytes`);
  }
  return to;
}

/** A service that takes no notice of the condition still says what it sends. */
function isOther(etag: string | undefined, { ETag }: GetObjectCommandOutput): boolean {
  return etag !== undefined && ETag !== undefined && etagOf(ETag).etag !== etagOf(etag).etag;
}

export function changed(store: string, name: string): HoldfastError {
  return new HoldfastError(
    'OBJECT_CHANGED',
    `${store} no longer holds ${name} as it was: somebody replaced it.`,
  );
}

function wrong({ store, name }: ReadRequest, what: string): HoldfastError {
  return new HoldfastError('STORE_ERROR', `${store} was asked to read ${name} and ${what}.`);
}

/** undici's words for a body that ended too early. */
function cutOff(error: unknown): unknown {
  const { code } = faultOf(error);
  return code.startsWith('UND_ERR') || code === 'ABORT_ERR' ? { code: 'ECONNRESET' } : error;
}
