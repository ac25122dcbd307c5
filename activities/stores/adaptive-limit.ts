import { onAbort } from './interruption.ts';

/**
 * How many requests one store gets at a time: one more after every full round of good answers, half as many when it
 * says that it is overloaded or stops answering. One limit per store and worker, so that all activities feel it.
 */
export class AdaptiveLimit {
  readonly #ceiling: number;
  #limit: number;
  #running = 0;
  /** Grows with every halving: answers to requests sent before it do not halve again. */
  #epoch = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: { start: number; ceiling: number }) {
    this.#limit = options.start;
    this.#ceiling = options.ceiling;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** Waits for a free place, first come first served. Rejects with the signal's reason. */
  async acquire(signal?: AbortSignal): Promise<Permit> {
    signal?.throwIfAborted();
    if (this.#waiting.length > 0 || this.#running >= this.limit) await this.#turn(signal);
    else this.#running += 1;
    return this.#permit();
  }

  #turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        forget();
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(start), 1);
        reject(signal?.reason as Error);
      };
      const forget = onAbort(signal, giveUp);
      this.#waiting.push(start);
    });
  }

  #permit(): Permit {
    const epoch = this.#epoch;
    let held = true;
    return (answer) => {
      if (!held) return;
      held = false;
      this.#running -= 1;
      if (answer === 'good') {
        this.#limit = Math.min(this.#ceiling, this.#limit + 1 / this.#limit);
      } else if (answer === 'overloaded' && epoch === this.#epoch) {
        this.#limit = Math.max(1, this.#limit / 2);
        this.#epoch += 1;
      }
      while (this.#waiting.length > 0 && this.#running < this.limit) {
        this.#running += 1;
        this.#waiting.shift()?.();
      }
    };
  }
}

/** Gives the place back, and says how the store took the request. Calling it twice does no harm. */
export type Permit = (answer: 'good' | 'overloaded' | 'neither') => void;
