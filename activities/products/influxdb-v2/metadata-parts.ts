import { HoldfastError } from '../../failure.ts';
import { TrailingText } from '../../pipeline/formats/trailing-text.ts';

export interface MetadataPart {
  name: string;
  /** Must be read to its end before the next part is asked for. */
  body: AsyncIterable<Uint8Array>;
}

const HEADER_LIMIT = 16 * 1024;
/** A name, a colon, and what can be printed. */
const HEADER = /^[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e]*$/;

/**
 * Reads `multipart/mixed` as the server sends it, part by part, without holding one. Parsers of forms do not take
 * its parts, which are attachments. A body without its closing boundary is what a failure in mid-answer looks like.
 * @throws SOURCE_GARBLED, SOURCE_TRUNCATED
 */
export async function* metadataParts(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<MetadataPart> {
  const boundary = /^multipart\/mixed;.*\bboundary="?([^";\s]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) {
    throw new HoldfastError(
      'SOURCE_GARBLED',
      `${where} should come as multipart/mixed, but came as ${contentType || 'nothing known'}.`,
    );
  }
  const scan = new Scanner(body, where);
  try {
    // The first boundary has no line break in front of it.
    await scan.expect(Buffer.from(`--${boundary}\r\n`));
    const delimiter = Buffer.from(`\r\n--${boundary}`);
    for (let last = false; !last;) {
      const part = { name: partName(await scan.headers(), where), body: scan.until(delimiter) };
      yield part;
      if (!scan.atDelimiter) {
        throw new HoldfastError('INTERNAL', `${where}: part ${part.name} was not read to its end.`);
      }
      last = await scan.closes();
    }
    await scan.nothingMore();
  } finally {
    await scan.end();
  }
}

function partName(headers: string, where: string): string {
  const name = /^content-disposition:[^\r\n]*\bname="([^"]*)"/im.exec(headers)?.[1];
  if (name !== undefined) return name;
  throw new HoldfastError('SOURCE_GARBLED', `${where}: one of its parts has no name.`);
}

class Scanner {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #where: string;
  readonly #tail = new TrailingText();
  #held: Buffer = Buffer.alloc(0);
  atDelimiter = true;

  constructor(body: AsyncIterable<Uint8Array>, where: string) {
    this.#source = body[Symbol.asyncIterator]();
    this.#where = where;
  }

  async expect(bytes: Buffer): Promise<void> {
    const found = await this.#take(bytes.length);
    if (!found.equals(bytes)) throw this.#garbled();
  }

  async headers(): Promise<string> {
    const end = Buffer.from('\r\n\r\n');
    for (;;) {
      const at = this.#held.indexOf(end);
      if (at >= 0) {
        const text = this.#held.toString('latin1', 0, at);
        // Where their end was damaged, what seems to end them is a line break of the body, whose beginning would be lost.
        if (!text.split('\r\n').every((line) => HEADER.test(line))) throw this.#garbled();
        this.#held = this.#held.subarray(at + end.length);
        return text;
      }
      if (this.#held.length > HEADER_LIMIT) throw this.#garbled();
      await this.#more();
    }
  }

  /** Passes bytes on up to the delimiter and swallows it. A delimiter may be spread over chunks. */
  async *until(delimiter: Buffer): AsyncGenerator<Uint8Array> {
    this.atDelimiter = false;
    for (;;) {
      const at = this.#held.indexOf(delimiter);
      if (at >= 0) {
        const piece = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + delimiter.length);
        this.atDelimiter = true;
        if (piece.length > 0) yield piece;
        return;
      }
      const sure = this.#held.length - delimiter.length + 1;
      if (sure > 0) {
        const piece = this.#held.subarray(0, sure);
        this.#held = this.#held.subarray(sure);
        yield piece;
      }
      await this.#more();
    }
  }

  /** After a delimiter: `--` ends the body, a line break begins the next part. */
  async closes(): Promise<boolean> {
    const two = (await this.#take(2)).toString('latin1');
    if (two !== '--' && two !== '\r\n') throw this.#garbled();
    return two === '--';
  }

  async nothingMore(): Promise<void> {
    for (;;) {
      if (this.#held.toString('latin1').trim() !== '') throw this.#garbled();
      const next = await this.#source.next();
      if (next.done) return;
      this.#held = Buffer.from(next.value);
    }
  }

  async end(): Promise<void> {
    await this.#source.return?.();
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#held.length < count) await this.#more();
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done) throw this.#truncated();
    this.#tail.update(next.value);
    this.#held =
      this.#held.length === 0 ? asBuffer(next.value) : Buffer.concat([this.#held, next.value]);
  }

  #truncated(): HoldfastError {
    const fault = this.#tail.fault('truncated', 'ended before its closing boundary');
    return new HoldfastError('SOURCE_TRUNCATED', `${this.#where} ${fault.message}.`);
  }

  #garbled(): HoldfastError {
    return new HoldfastError(
      'SOURCE_GARBLED',
      `${this.#where} is not the multipart body it says it is.`,
    );
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
