import { setTimeout as sleep } from 'node:timers/promises';
import type { Switches } from './switches.ts';

/** The server's time: waits are shortened by `speed`, stamps are of the true time and its skew. */
export class Clock {
  readonly #speed: number;
  readonly #switches: Switches;

  constructor(speed: number, switches: Switches) {
    this.#speed = speed;
    this.#switches = switches;
  }

  now(): Date {
    return new Date(Date.now() + this.#switches.clockSkewMs);
  }

  /** Throws when the signal comes. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    await sleep(milliseconds / this.#speed, undefined, { signal });
  }
}

/** How Go prints a time that was never set. */
export const ZERO_TIME = '0001-01-01T00:00:00.000Z';
