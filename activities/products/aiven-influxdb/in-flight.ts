/** Work under way beside the stream, bounded in number. The first failure is thrown by whoever asks next. */
export class InFlight {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = Math.max(1, limit);
  }

  /**
   * Begins a piece of work as soon as there is room.
   * @returns when it has begun; `ended`: when it has ended, well or not
   */
  async run(work: () => Promise<void>): Promise<{ ended: Promise<void> }> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    this.check();
    const running: Promise<void> = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    return { ended: running };
  }

  /** When everything that was begun has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
    this.check();
  }

  /** @throws what any of it has failed with so far */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
