/**
 * Regroups a stream into chunks of a fixed length, each a list of views instead of a copy. The last full chunk is held
 * back until it is known whether more follows, since age marks the last chunk.
 */
export class ChunkSlices {
  readonly #size: number;
  #slices: Uint8Array[] = [];
  #filled = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** @returns the chunks that are now known not to be the last */
  push(input: Uint8Array): Uint8Array[][] {
    const complete: Uint8Array[][] = [];
    let at = 0;
    while (at < input.length) {
      if (this.#filled === this.#size) complete.push(this.take());
      const end = Math.min(input.length, at + this.#size - this.#filled);
      this.#slices.push(input.subarray(at, end));
      this.#filled += end - at;
      at = end;
    }
    return complete;
  }

  /** What is held: at the end of the stream, the last chunk. */
  take(): Uint8Array[] {
    const slices = this.#slices;
    this.#slices = [];
    this.#filled = 0;
    return slices;
  }

  get bytes(): number {
    return this.#filled;
  }
}
