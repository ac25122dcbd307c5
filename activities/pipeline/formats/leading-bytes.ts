/** Collects the first bytes of a stream, for formats that say at their beginning what they are. */
export class LeadingBytes {
  readonly bytes: Buffer;
  #filled = 0;

  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
  }

  get complete(): boolean {
    return this.#filled === this.bytes.length;
  }

  update(chunk: Uint8Array): void {
    if (this.complete) return;
    const piece = chunk.subarray(0, this.bytes.length - this.#filled);
    this.bytes.set(piece, this.#filled);
    this.#filled += piece.length;
  }
}
