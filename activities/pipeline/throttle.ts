import { setTimeout as sleep } from 'node:timers/promises';

/** How far a stream that was idle may run ahead of its rate. */
const BURST_MS = 250;

/**
 * Bounds the bytes per second of all streams that share it. Streams are served in the order in which they ask, so
 * none starves.
 */
export class Throttle {
  readonly #bytesPerMs: number;
  /** When all that was granted so far will have been paid for. */
  #paidAt = -Infinity;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /**
   * Takes what has passed into account. Returns nothing when the stream may go on at once, so that a stream below
   * its rate costs no promise; otherwise a promise of the moment, which rejects with the signal's reason.
   */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined {
    const now = performance.now();
    const cost = bytes / this.#bytesPerMs;
    this.#paidAt = Math.max(this.#paidAt, now - BURST_MS) + cost;
    const wait = this.#paidAt - now;
    return wait <= 1 ? undefined : this.#wait(wait, cost, signal);
  }

  /** The same bytes, no faster. */
  async *paced(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      const pause = this.take(chunk.length, signal);
      if (pause) await pause;
      yield chunk;
    }
  }

  async #wait(ms: number, cost: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(ms, undefined, { signal });
    } catch {
      this.#paidAt -= cost;
      throw signal.reason;
    }
  }
}
