import type { Inspector } from './inspector.ts';
import { LeadingBytes } from './leading-bytes.ts';
import { TrailingText } from './trailing-text.ts';

const MAGIC = 0xed0cdaed;
/** Page header (16 bytes) and the first meta page's fields up to its checksum. */
const META_END = 80;

/** A bolt database file: its meta page says how long a page is and how many there are. */
export class BoltInspector implements Inspector {
  readonly #head = new LeadingBytes(META_END);
  readonly #tail = new TrailingText();
  #bytes = 0;

  update(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#tail.update(chunk);
    if (this.#head.complete) return;
    this.#head.update(chunk);
    if (this.#head.complete && this.#head.bytes.readUInt32LE(16) !== MAGIC) {
      throw this.#tail.fault('garbled', 'is not a bolt database: its meta page lacks the mark');
    }
  }

  end(): void {
    if (!this.#head.complete) {
      throw this.#tail.fault('truncated', `is a bolt database of only ${this.#bytes} bytes`);
    }
    const meta = this.#head.bytes;
    const pageSize = meta.readUInt32LE(24);
    if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) {
      throw this.#tail.fault('garbled', `is a bolt database with the page size ${pageSize}`);
    }
    // A copy holds every page below the meta page's high-water mark, so a cut on a page boundary shows too.
    const needed = Number(meta.readBigUInt64LE(56)) * pageSize;
    if (this.#bytes % pageSize !== 0 || this.#bytes < needed) {
      throw this.#tail.fault(
        'truncated',
        `is a bolt database of ${this.#bytes} bytes, where its pages of ${pageSize} bytes need ` +
          `${this.#bytes < needed ? needed : 'a multiple of that'}`,
      );
    }
  }
}
