import { FormatFault } from '../formats/format-fault.ts';
import { isEmpty, parsePax, WITHOUT_ENTRY, type PaxFields } from './pax.ts';
import { BLOCK_BYTES, parseTarHeader, type TarHeader } from './tar-header.ts';

/** One entry of a tar, as it passes. */
export interface TarMember {
  name: string;
  bytes: number;
  /** The type flag: `0` a file, `5` a directory, others links and devices. */
  type: string;
  /** To be read before the next member is asked for, or not at all. Its chunks are views of those of the source. */
  body: AsyncIterable<Uint8Array>;
}

const ZEROS = Buffer.alloc(BLOCK_BYTES);
const EXTENSION_LIMIT = 1024 * 1024;

/**
 * The entries of a tar, each with its body as a stream of its own, without holding more than a header. Ends well only
 * after two blocks of zeros, behind which nothing but zeros may follow: tools fill up to a whole record.
 * @throws FormatFault, and what the source throws
 */
export async function* tarMembers(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const input = new Input(source);
  let next: PaxFields = {};
  try {
    for (;;) {
      const block = await input.block('before its end mark');
      if (ZEROS.equals(block)) break;
      const header = parseTarHeader(block);
      if (!header) throw input.garbled('has bytes where a header should be');
      if (header.kind === 'unknown') {
        throw input.garbled(`has an entry of the kind "${header.type}", which is not known`);
      }
      if (header.kind === 'file' || header.kind === 'empty') {
        yield* member(input, header, next);
        next = {};
      } else {
        next = { ...next, ...(await extension(input, header)) };
      }
    }
    if (!isEmpty(next)) throw input.garbled(WITHOUT_ENTRY);
    if (!ZEROS.equals(await input.block('before its end mark'))) {
      throw input.garbled('has a single block of zeros between its entries');
    }
    for (;;) {
      const rest = await input.some(Infinity);
      if (rest === undefined) return;
      if (rest.some((byte) => byte !== 0)) throw input.garbled('has bytes after its end mark');
    }
  } finally {
    await input.close();
  }
}

async function* member(
  input: Input,
  header: TarHeader,
  { path, size }: PaxFields,
): AsyncGenerator<TarMember> {
  const name = path ?? header.name;
  const bytes = header.kind === 'file' ? (size ?? header.bytes) : 0;
  let left = bytes;
  const body = async function* () {
    while (left > 0) {
      const chunk = await input.some(left);
      if (chunk === undefined) throw input.truncated(`inside the entry ${name}`);
      left -= chunk.length;
      yield chunk;
    }
  };
  yield { name, bytes, type: header.type, body: { [Symbol.asyncIterator]: body } };
  for await (const _ of body());
  await input.skip((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES, `behind the entry ${name}`);
}

async function extension(input: Input, header: TarHeader): Promise<PaxFields> {
  if (header.bytes > EXTENSION_LIMIT) {
    throw input.garbled('has an extended header of impossible size');
  }
  const padded = Math.ceil(header.bytes / BLOCK_BYTES) * BLOCK_BYTES;
  const body = (await input.take(padded, 'inside a header')).subarray(0, header.bytes);
  if (header.kind === 'long name') return { path: body.toString('utf8').replace(/\0.*$/s, '') };
  if (header.kind !== 'pax') return {};
  const fields = parsePax(body);
  if (!fields) throw input.garbled('holds an extended header that cannot be read');
  return fields;
}

/** Bytes of a stream in portions that the reader chooses. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #offset = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Between 1 and `most` bytes; nothing at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const taken = most < this.#rest.length ? this.#rest.subarray(0, most) : this.#rest;
    this.#rest = this.#rest.subarray(taken.length);
    this.#offset += taken.length;
    return taken;
  }

  async take(bytes: number, where: string): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let left = bytes; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) throw this.truncated(left < bytes ? 'inside a header' : where);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  block(where: string): Promise<Buffer> {
    return this.take(BLOCK_BYTES, where);
  }

  async skip(bytes: number, where: string): Promise<void> {
    if (bytes > 0) await this.take(bytes, where);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  truncated(where: string): FormatFault {
    return new FormatFault('truncated', `is a tar that ends ${where}, after ${this.#offset} bytes`);
  }

  garbled(what: string): FormatFault {
    return new FormatFault('garbled', `is a tar that ${what}, at byte ${this.#offset}`);
  }
}
