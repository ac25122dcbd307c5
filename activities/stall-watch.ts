/** Looks so often before it calls a silence a stall, and at least once a second. */
const LOOKS = 10;

/**
 * Calls `onStall` once when nothing was reported for `ms`. One timer for the whole life of a stream: touching and pausing
 * are cheap enough to be done for every chunk. It counts looks instead of reading a clock, so that a pause of this very
 * process (a starved or suspended machine) counts as one look and not as the other side's silence.
 */
export class StallWatch {
  readonly #timer: NodeJS.Timeout;
  #looks = 0;
  #paused = false;

  constructor(ms: number, onStall: () => void) {
    const every = Math.max(1, Math.min(1000, ms / LOOKS));
    // The first look may come at once.
    const enough = Math.ceil(ms / every) + 1;
    this.#timer = setInterval(() => {
      if (this.#paused) return;
      this.#looks += 1;
      if (this.#looks < enough) return;
      this.stop();
      onStall();
    }, every);
    this.#timer.unref();
  }

  /** The other side moved; it has the whole time again. */
  touch(): void {
    this.#paused = false;
    this.#looks = 0;
  }

  /** It is not the other side's turn: our own producer or consumer is slow, which somebody else watches. */
  pause(): void {
    this.#paused = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
