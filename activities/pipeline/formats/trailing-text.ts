import { FormatFault } from './format-fault.ts';

const KEPT_BYTES = 4096;
const QUOTED_CHARACTERS = 300;

/**
 * The last few KiB of a stream. A database that fails in the middle of a download has already said that all is well
 * (status 200), so it can only append its error, as JSON, to what it was sending: that is what the person wants to read.
 */
export class TrailingText {
  #tail: Uint8Array = Buffer.alloc(0);

  update(chunk: Uint8Array): void {
    if (chunk.length >= KEPT_BYTES) {
      // A view, not a copy: this runs for every chunk of every stream.
      this.#tail = chunk;
      return;
    }
    const before = this.#tail.subarray(
      Math.max(0, this.#tail.length - (KEPT_BYTES - chunk.length)),
    );
    this.#tail = Buffer.concat([before, chunk]);
  }

  /** The fault, in the database's own words where it left any: then more should have come. */
  fault(kind: FormatFault['kind'], detail: string): FormatFault {
    const said = this.#errorMessage();
    return said === undefined
      ? new FormatFault(kind, detail)
      : new FormatFault('truncated', `broke off with an error of the database: "${said}"`);
  }

  #errorMessage(): string | undefined {
    const text = Buffer.from(this.#tail.subarray(-KEPT_BYTES)).toString('utf8');
    for (let at = text.indexOf('{"'); at >= 0; at = text.indexOf('{"', at + 1)) {
      const message = messageOf(text.slice(at));
      if (message !== undefined) return message;
    }
    return undefined;
  }
}

function messageOf(text: string): string | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    if (typeof parsed !== 'object' || parsed === null || !('message' in parsed)) return undefined;
    if (typeof parsed.message !== 'string') return undefined;
    // eslint-disable-next-line no-control-regex
    return parsed.message.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, QUOTED_CHARACTERS);
  } catch {
    return undefined;
  }
}
