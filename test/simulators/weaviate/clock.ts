import type { Switches } from './switches.ts';

/** The server's time: waits are shortened by `speed`, stamps are of the true time and its skew. */
export class Clock {
  readonly #switches: Switches;
  readonly #waits = new Set<Wait>();
  #speed: number;

  constructor(speed: number, switches: Switches) {
    this.#speed = speed;
    this.#switches = switches;
  }

  now(): Date {
    return new Date(Date.now() + this.#switches.clockSkewMs);
  }

  get speed(): number {
    return this.#speed;
  }

  /** Also for what waits already. At 0 nothing moves. */
  set speed(speed: number) {
    for (const wait of this.#waits) wait.stop(this.#speed);
    this.#speed = speed;
    for (const wait of this.#waits) wait.go(speed);
  }

  /** Throws when the signal comes. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const wait = new Wait(milliseconds);
    const stopped = () => wait.fail(signal.reason);
    signal.addEventListener('abort', stopped, { once: true });
    this.#waits.add(wait);
    wait.go(this.#speed);
    try {
      await wait.over;
    } finally {
      signal.removeEventListener('abort', stopped);
      wait.stop(this.#speed);
      this.#waits.delete(wait);
    }
  }
}

class Wait {
  readonly over: Promise<void>;
  fail: (reason: unknown) => void = () => undefined;
  #end: () => void = () => undefined;
  #left: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(left: number) {
    this.#left = left;
    this.over = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.fail = reject;
    });
  }

  go(speed: number): void {
    this.#since = performance.now();
    if (speed > 0) this.#timer = setTimeout(this.#end, Math.min(this.#left / speed, 2 ** 31 - 1));
  }

  stop(speed: number): void {
    clearTimeout(this.#timer);
    this.#left = Math.max(0, this.#left - (performance.now() - this.#since) * speed);
  }
}

/** How Go prints a time that was never set. */
export const ZERO_TIME = '0001-01-01T00:00:00.000Z';
