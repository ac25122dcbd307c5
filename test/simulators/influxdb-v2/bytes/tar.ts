/** Tar as Go's archive/tar writes it: USTAR with magic, seconds as mtime, two zero blocks at the end. */

const BLOCK = 512;
export const TAR_TRAILER = Buffer.alloc(2 * BLOCK);

export function tarHeader(name: string, size: number, mtime: Date): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  writeSize(header, size);
  header.write(`${octal(Math.floor(mtime.getTime() / 1000), 11)}\0`, 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write('root', 265);
  header.write('root', 297);
  header.write('0000000\0', 329);
  header.write('0000000\0', 337);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

/** Beyond 8 GiB octal digits do not suffice, and GNU's base 256 takes over. */
function writeSize(header: Buffer, size: number): void {
  if (size < 8 ** 11) {
    header.write(`${octal(size, 11)}\0`, 124);
    return;
  }
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(size), 128);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

export interface TarSink {
  /** Receives the body of an entry; the next entry begins when it has returned. */
  entry(name: string, size: number, body: AsyncIterable<Buffer>): Promise<void>;
}

/**
 * Reads as Go's reader does: an end at a block boundary of headers, or within padding, is an end; anything else that is
 * missing or not a header throws.
 */
export async function readTar(source: AsyncIterable<Uint8Array>, sink: TarSink): Promise<void> {
  const input = new Input(source);
  for (;;) {
    const header = await input.take(BLOCK);
    if (header.length === 0) return;
    if (header.length < BLOCK) throw new Error('the tar ends within a header');
    if (header.every((byte) => byte === 0)) return;
    checkSum(header);
    const size = readSize(header);
    let left = size;
    const body = (async function* () {
      while (left > 0) {
        const chunk = await input.some(left);
        if (chunk.length === 0) throw new Error('the tar ends within an entry');
        left -= chunk.length;
        yield chunk;
      }
    })();
    await sink.entry(text(header, 0, 100), size, body);
    while (left > 0) {
      const skipped = await input.some(left);
      if (skipped.length === 0) throw new Error('the tar ends within an entry');
      left -= skipped.length;
    }
    await input.take(tarPadding(size).length);
  }
}

function checkSum(header: Buffer): void {
  const stated = parseInt(text(header, 148, 8), 8);
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (stated !== sum) throw new Error('not a tar header');
}

function readSize(header: Buffer): number {
  if ((header[124] ?? 0) & 0x80) return Number(header.readBigUInt64BE(128));
  return parseInt(text(header, 124, 12), 8) || 0;
}

function text(header: Buffer, at: number, length: number): string {
  return header
    .toString('utf8', at, at + length)
    .replace(/\0.*$/s, '')
    .trim();
}

/** Bytes of a stream in portions that the reader chooses. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Between 1 and `most` bytes; none at the end. */
  async some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return Buffer.alloc(0);
      this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** `count` bytes, or fewer at the end. */
  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0;) {
      const part = await this.some(left);
      if (part.length === 0) break;
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }
}
