import { createHash } from 'node:crypto';
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

/** Whether a stream holds the very bytes that are stored, by the hash of each object. Reads it to its end. */
export async function holdsSame(
  { lines }: StoredMember,
  body: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  const parts = lines.map((line) => line.plain ?? line);
  let [at, left, same] = [0, parts[0]?.bytes ?? 0, true];
  let hash = createHash('sha256');
  for await (const chunk of body) {
    for (let offset = 0; offset < chunk.length;) {
      if (left === 0) {
        if (at >= parts.length) same = false;
        else if (hash.digest('hex') !== parts[at]?.sha256) same = false;
        at += 1;
        hash = createHash('sha256');
        left = parts[at]?.bytes ?? Infinity;
      }
      const taken = Math.min(left, chunk.length - offset);
      hash.update(chunk.subarray(offset, offset + taken));
      offset += taken;
      left -= taken;
    }
  }
  return same && left === 0 && at === parts.length - 1 && hash.digest('hex') === parts[at]?.sha256;
}
