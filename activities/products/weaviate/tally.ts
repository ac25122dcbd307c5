/** Bytes of a digest. */
const BYTES = 16;
const WORDS = BYTES / 4;
/** Sums of times stay exact below it. */
const SUMS = 2 ** 48;

/**
 * Counts objects and adds their digests up, so that their order does not matter. Kept in parts by id: what was written
 * meanwhile spoils the comparison of its own part only.
 */
export class Tally {
  readonly #counts: Float64Array;
  readonly #sums: Uint32Array;
  readonly #stamps: Float64Array;
  readonly #latest: Float64Array;

  /** @param parts a power of two, at most 256 */
  constructor(parts: number) {
    this.#counts = new Float64Array(parts);
    this.#sums = new Uint32Array(parts * WORDS);
    this.#stamps = new Float64Array(parts);
    this.#latest = new Float64Array(parts);
  }

  get count(): number {
    return this.#counts.reduce((sum, one) => sum + one, 0);
  }

  /** @param stamp when it was last written */
  add(id: string, digest: Buffer, stamp = 0): void {
    const part = partOf(id) & (this.#counts.length - 1);
    this.#counts[part] = (this.#counts[part] ?? 0) + 1;
    this.#stamps[part] = ((this.#stamps[part] ?? 0) + stamp) % SUMS;
    this.#latest[part] = Math.max(this.#latest[part] ?? 0, stamp);
    let carry = 0;
    for (let word = 0; word < WORDS; word += 1) {
      const at = part * WORDS + word;
      const sum = (this.#sums[at] ?? 0) + digest.readUInt32LE(word * 4) + carry;
      this.#sums[at] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  /** By which a part whose objects were written again as they were differs. */
  stamps(): number[] {
    return [...this.#stamps];
  }

  /** When something of each part was last written. */
  latest(): number[] {
    return [...this.#latest];
  }

  /** One text for each part, equal for equal contents: `<count>:<sum in hex>`, or empty. */
  parts(): string[] {
    return [...this.#counts].map((count, part) => {
      if (count === 0) return '';
      const words = this.#sums.subarray(part * WORDS, (part + 1) * WORDS);
      return `${count}:${[...words].map((word) => word.toString(16).padStart(8, '0')).join('')}`;
    });
  }
}

export function countOf(part: string): number {
  return part === '' ? 0 : Number(part.slice(0, part.indexOf(':')));
}

/** Two bytes that differ between ids of every kind: at random, counted, or made of the time. */
function partOf(id: string): number {
  return Number.parseInt(id.slice(6, 8), 16) ^ Number.parseInt(id.slice(-2), 16);
}
