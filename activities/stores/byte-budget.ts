import { onAbort } from './interruption.ts';

/**
 * A fair semaphore over bytes: whoever asks first is served first, so a large request is never starved by small ones.
 *
 * It cannot deadlock as long as a holder never waits for more while it holds bytes that only it can give back; the
 * uploader keeps to that by sending a full part before it asks for the next one. A request beyond the whole capacity
 * is granted when nothing else is held, instead of never.
 */
export class ByteBudget {
  readonly capacity: number;
  #free: number;
  readonly #waiting: Waiter[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#free = capacity;
  }

  get held(): number {
    return this.capacity - this.#free;
  }

  /** Resolves to the function that gives the bytes back; calling it twice does no harm. Rejects with the signal's reason. */
  async acquire(bytes: number, signal?: AbortSignal): Promise<Release> {
    signal?.throwIfAborted();
    const share = Math.min(bytes, this.capacity);
    if (this.#waiting.length === 0 && share <= this.#free) return this.#grant(share);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        share,
        grant: () => {
          forget();
          resolve(this.#grant(share));
        },
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason as Error);
        this.#serve();
      };
      const forget = onAbort(signal, giveUp);
      this.#waiting.push(waiter);
    });
  }

  #grant(share: number): Release {
    this.#free -= share;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#free += share;
      this.#serve();
    };
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next && next.share <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      next.grant();
    }
  }
}

export type Release = () => void;

interface Waiter {
  share: number;
  grant: () => void;
}
