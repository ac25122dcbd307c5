/**
 * Calls `onStall` once when nothing was reported for `ms`. One timer for the whole life of a stream: arming and
 * touching are cheap enough to be done for every chunk.
 */
export class StallWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #ms: number;
  #deadline: number;
  #paused = false;

  constructor(ms: number, onStall: () => void) {
    this.#ms = ms;
    this.#deadline = performance.now() + ms;
    this.#timer = setInterval(
      () => {
        if (this.#paused || performance.now() < this.#deadline) return;
        this.stop();
        onStall();
      },
      Math.max(10, Math.min(1000, ms / 4)),
    );
    this.#timer.unref();
  }

  /** The other side moved; it has the whole time again. */
  touch(): void {
    this.#paused = false;
    this.#deadline = performance.now() + this.#ms;
  }

  /** It is not the other side's turn: our own producer or consumer is slow, which somebody else watches. */
  pause(): void {
    this.#paused = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
