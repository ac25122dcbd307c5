/**
 * Heartbeats of one attempt, each second. A process that was out for longer than its heartbeats may fail to come (it
 * was stopped, its machine slept) has been given up and has a successor: it stops by itself, before Temporal can tell it.
 */
export class Heartbeat {
  readonly #lapse = new AbortController();
  readonly #timeoutMs: number;
  readonly #beat: () => void;
  readonly #timer: NodeJS.Timeout;
  #last = Date.now();

  constructor(timeoutMs: number | undefined, beat: () => void) {
    this.#timeoutMs = timeoutMs ?? Infinity;
    this.#beat = beat;
    this.#timer = setInterval(() => this.#next(), HEARTBEAT_EVERY_MS);
    beat();
  }

  /** Aborted when the attempt must count itself as given up. */
  get lapsed(): AbortSignal {
    return this.#lapse.signal;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #next(): void {
    const now = Date.now();
    if (now - this.#last > this.#timeoutMs) this.#lapse.abort();
    this.#last = now;
    this.#beat();
  }
}

const HEARTBEAT_EVERY_MS = 1_000;
