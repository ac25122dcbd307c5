import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { GENERIC } from './exchange.ts';

const JSON_TAIL = Buffer.from(JSON.stringify({ code: 'internal error', message: GENERIC }));

/** What befalls a body after `at` of its bytes. `tail` is a JSON error in the place of the rest. */
export interface Mishap {
  kind: 'cut' | 'tail' | 'reset' | 'stall';
  at: number;
}

/**
 * The body with its mishap. Returns normally where the framing ends cleanly; never ends while stalled, until the other
 * side closes.
 */
export async function* withMishap(
  body: AsyncIterable<Buffer>,
  mishap: Mishap | undefined,
  response: ServerResponse,
): AsyncGenerator<Buffer> {
  let left = mishap?.at ?? Infinity;
  for await (const chunk of body) {
    if (chunk.length < left) {
      left -= chunk.length;
      yield chunk;
      continue;
    }
    yield chunk.subarray(0, left);
    left = 0;
    break;
  }
  if (mishap?.kind === 'tail') yield JSON_TAIL;
  if (mishap?.kind === 'reset') {
    // What was written is to arrive before the reset does.
    await sleep(50);
    response.socket?.resetAndDestroy();
  }
  if (mishap?.kind === 'stall') await gone(response);
}

/** Until the other side has gone. */
export function gone(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once('close', resolve);
  });
}

/** Until more may be written, or the other side has gone. Leaves no listener behind, however long the body is. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    if (response.destroyed) resolve();
    else response.on('drain', done).on('close', done);
  });
}

/** At the rate of the moment; 0 for as fast as possible. */
export async function* slowly(
  body: AsyncIterable<Buffer>,
  bytesPerSecond: () => number,
): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length;) {
      const rate = bytesPerSecond();
      const portion = rate === 0 ? chunk.length : Math.max(1, Math.floor(rate / 20));
      yield chunk.subarray(at, at + portion);
      at += portion;
      if (rate > 0) await sleep(50);
    }
  }
}

/** For so long, or until the time is set to less, or the other side has gone. */
export async function heldBack(ms: () => number, response: ServerResponse): Promise<void> {
  const since = performance.now();
  while (performance.now() - since < ms() && !response.destroyed) await sleep(10);
}
