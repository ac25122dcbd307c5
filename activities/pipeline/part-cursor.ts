/** Thrown out of a source that is longer than one object may be, so that the object never appears. */
export class ObjectOverflow extends Error {}

/**
 * Cuts one stream into parts of bounded length, read one after another. A chunk that spans a cut is shared by two
 * views; nothing is copied.
 */
export class PartCursor {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array | undefined;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Nothing is left. Sure only after a part has been read to its end. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The next part: at most `limit` bytes. It ends only when it is known whether more follows, so that everything that the
   * source proves at its end is proven before the last part ends.
   * @param onlyPart throws ObjectOverflow where another part would follow
   */
  async *part(limit: number, onlyPart: boolean): AsyncGenerator<Uint8Array> {
    let left = limit;
    for (;;) {
      const chunk = await this.#next();
      if (chunk === undefined) return;
      if (left === 0) {
        this.#held = chunk;
        if (onlyPart) throw new ObjectOverflow();
        return;
      }
      if (chunk.length <= left) {
        left -= chunk.length;
        yield chunk;
      } else {
        this.#held = chunk.subarray(left);
        if (onlyPart) throw new ObjectOverflow();
        yield chunk.subarray(0, left);
        return;
      }
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#held) {
      const held = this.#held;
      this.#held = undefined;
      return held;
    }
    if (this.#ended) return undefined;
    const result = await this.#source.next();
    if (!result.done) return result.value;
    this.#ended = true;
    return undefined;
  }
}
