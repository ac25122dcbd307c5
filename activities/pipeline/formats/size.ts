import { FormatFault } from './format-fault.ts';
import type { Inspector } from './inspector.ts';

/** Bytes without a format: all that can be wrong is their number, where that is known. */
export class SizeInspector implements Inspector {
  readonly #expected: number | undefined;
  #bytes = 0;

  constructor(expected: number | undefined) {
    this.#expected = expected;
  }

  update(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#expected !== undefined && this.#bytes > this.#expected) {
      throw new FormatFault('garbled', `is longer than the ${this.#expected} bytes announced`);
    }
  }

  end(): void {
    if (this.#expected !== undefined && this.#bytes < this.#expected) {
      throw new FormatFault(
        'truncated',
        `ended after ${this.#bytes} of the ${this.#expected} bytes announced`,
      );
    }
  }
}
