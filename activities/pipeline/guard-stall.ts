import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../failure.ts';
import { StallWatch } from '../stall-watch.ts';

/**
 * The same chunks, but reading never hangs: it ends with the signal's reason as soon as the signal fires, and with
 * SOURCE_STALLED when the source keeps silent for `stallMs` while somebody waits for it (a slow consumer is no
 * stall). The source is told to close and hardly waited for: one that hangs could not
 * answer that either. It is taken over at once, so the signal closes also a source that nobody has begun to read.
 * @param stallMs undefined: only the signal ends a silence
 * @param subject for the sentence: `telemetry/shard 31`
 */
export function guardStall(
  source: AsyncIterable<Uint8Array>,
  stallMs: number | undefined,
  signal: AbortSignal,
  subject = 'the stream',
): AsyncIterable<Uint8Array> {
  const iterator = new GuardedIterator(source[Symbol.asyncIterator](), stallMs, signal, subject);
  return { [Symbol.asyncIterator]: () => iterator };
}

/** How long a source may take to close when nobody is in a hurry. */
const CLOSING_MS = 200;

/** Written by hand, not as a generator: a generator that awaits a silent source cannot be ended from outside. */
class GuardedIterator implements AsyncIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #stallMs: number | undefined;
  readonly #signal: AbortSignal;
  readonly #subject: string;
  readonly #abort = () => this.#fail(this.#signal.reason);
  #waiting: ((reason: unknown) => void) | undefined;
  #watch: StallWatch | undefined;
  #closed = false;

  constructor(
    source: AsyncIterator<Uint8Array>,
    stallMs: number | undefined,
    signal: AbortSignal,
    subject: string,
  ) {
    this.#source = source;
    this.#stallMs = stallMs;
    this.#signal = signal;
    this.#subject = subject;
    signal.addEventListener('abort', this.#abort, { once: true });
    if (signal.aborted) void this.#closeSource();
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#signal.aborted) {
      void this.#closeSource();
      return Promise.reject(this.#signal.reason);
    }
    if (this.#closed) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting = reject;
      this.#startWatch();
      this.#source.next().then(
        (result) => {
          this.#waiting = undefined;
          this.#watch?.pause();
          if (result.done) this.#close();
          resolve(result);
        },
        (error: unknown) => {
          this.#waiting = undefined;
          this.#close();
          reject(error);
        },
      );
    });
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    const busy = this.#waiting !== undefined;
    const closing = this.#closeSource();
    // A generator that is busy answers only when its current read does, which may be never.
    if (closing && !busy) {
      await Promise.race([closing, sleep(CLOSING_MS, undefined, { ref: false })]);
    }
    return { done: true, value: undefined };
  }

  #startWatch(): void {
    if (this.#stallMs === undefined) return;
    if (this.#watch) this.#watch.touch();
    else this.#watch = new StallWatch(this.#stallMs, () => this.#stalled());
  }

  #stalled(): void {
    const seconds = Math.round((this.#stallMs ?? 0) / 1000);
    this.#fail(
      new HoldfastError(
        'SOURCE_STALLED',
        `No byte of ${this.#subject} came from the source for ${seconds} seconds.`,
      ),
    );
  }

  #fail(reason: unknown): void {
    const reject = this.#waiting;
    this.#waiting = undefined;
    void this.#closeSource();
    reject?.(reason);
  }

  #closeSource(): Promise<unknown> | undefined {
    if (this.#closed) return undefined;
    this.#close();
    // A failure of closing is no news for one who leaves.
    return Promise.resolve(this.#source.return?.()).catch(() => undefined);
  }

  #close(): void {
    this.#closed = true;
    this.#watch?.stop();
    this.#signal.removeEventListener('abort', this.#abort);
  }
}
