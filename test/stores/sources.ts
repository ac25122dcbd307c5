import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export { collect } from '../pipeline/streams.ts';

/** Bytes that no part of a store can guess, the same for the same call within a run. */
export function someBytes(length: number): Buffer {
  return randomBytes(length);
}

/** A stream in chunks of the given size. */
export async function* stream(bytes: Buffer, chunk = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; from += chunk) {
    yield bytes.subarray(from, from + chunk);
  }
}

/** A stream whose end shows that it is incomplete. */
export async function* cut(bytes: Buffer, chunk?: number): AsyncGenerator<Uint8Array> {
  yield* stream(bytes, chunk);
  throw new Error('the source ended too early');
}

/** A second, of which a tick is a tenth. */
export const PROMISED_TICKS = 10;
/** Against hanging, not a measure: a loaded machine may need its time. */
export const SOON_MS = 10_000;

/** A stream that stands still after its bytes, and ignores every request to end. */
export async function* stalled(
  bytes: Buffer,
  chunk?: number,
  onStall?: () => void,
): AsyncGenerator<Uint8Array> {
  yield* stream(bytes, chunk);
  onStall?.();
  await new Promise(() => undefined);
}

/** A stream that never ends, and tells when it was asked to. */
export function endless(
  chunk: Buffer,
): AsyncIterable<Uint8Array> & { ended: boolean; sent: number } {
  const source = {
    ended: false,
    sent: 0,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          await sleep(1);
          source.sent += 1;
          yield chunk;
        }
      } finally {
        source.ended = true;
      }
    },
  };
  return source;
}

export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
