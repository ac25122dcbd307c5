import type { ObjectLine } from '../../catalog/manifest.ts';

/** A file of the backup that is stored. */
export interface StoredMember {
  bytes: number;
  /** What the last four bytes of a gzip say: the length inflated, modulo 2^32. The pipeline has checked that it is true. */
  inflated: number;
  lines: ObjectLine[];
}

/** The same chunks; knows their number and their last four bytes. */
export class TailNoting {
  bytes = 0;
  #tail = Buffer.alloc(0);

  async *pass(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.bytes += chunk.length;
      this.#tail =
        chunk.length >= 4
          ? Buffer.from(chunk.subarray(-4))
          : Buffer.concat([this.#tail, chunk]).subarray(-4);
      yield chunk;
    }
  }

  get inflated(): number {
    return this.#tail.length === 4 ? this.#tail.readUInt32LE(0) : 0;
  }
}
