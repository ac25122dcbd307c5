import type { Inspector } from './inspector.ts';
import { LeadingBytes } from './leading-bytes.ts';
import { TrailingText } from './trailing-text.ts';

const MARK = 'SQLite format 3\0';
const HEADER_BYTES = 100;

/** An sqlite database file: its header says how long a page is and how many there are. */
export class SqliteInspector implements Inspector {
  readonly #head = new LeadingBytes(HEADER_BYTES);
  readonly #tail = new TrailingText();
  #bytes = 0;

  update(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#tail.update(chunk);
    if (this.#head.complete) return;
    this.#head.update(chunk);
    if (this.#head.complete && this.#head.bytes.toString('latin1', 0, 16) !== MARK) {
      throw this.#tail.fault('garbled', 'is not an sqlite database: its header lacks the mark');
    }
  }

  end(): void {
    const header = this.#head.bytes;
    if (!this.#head.complete) {
      throw this.#tail.fault('truncated', `is an sqlite database of only ${this.#bytes} bytes`);
    }
    const stated = header.readUInt16BE(16);
    const pageSize = stated === 1 ? 65_536 : stated;
    if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) {
      throw this.#tail.fault('garbled', `is an sqlite database with the page size ${pageSize}`);
    }
    // Very old writers left the page count stale; it holds only where both change counters agree.
    const pages = header.readUInt32BE(24) === header.readUInt32BE(92) ? header.readUInt32BE(28) : 0;
    const whole = pages > 0 ? this.#bytes === pages * pageSize : this.#bytes % pageSize === 0;
    if (whole) return;
    const short = pages === 0 || this.#bytes < pages * pageSize;
    throw this.#tail.fault(
      short ? 'truncated' : 'garbled',
      `is an sqlite database of ${this.#bytes} bytes, where its header says ` +
        (pages > 0 ? `${pages} pages of ${pageSize}` : `pages of ${pageSize}`),
    );
  }
}
