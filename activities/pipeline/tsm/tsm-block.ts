import { crc32 } from 'node:zlib';
import type { TsmSource } from './tsm-source.ts';

const WINDOW_BYTES = 1024 * 1024;
const CRC_BYTES = 4;

/** How many values each selector of simple8b packs into one word. */
const PACKED = [240, 120, 60, 30, 20, 15, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1];

export interface Block {
  /** Of its values, as the index names them. */
  type: number;
  /** Its first time, which stands by itself in every encoding. */
  first: bigint;
  points: number;
}

/** Checks blocks, and counts their points by the timestamps alone. */
export class BlockReader {
  readonly #file: TsmSource;
  /** Where the blocks end and the index begins. */
  readonly #end: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  /** Where the next block begins. */
  #next: number;

  constructor(file: TsmSource, start: number, end: number) {
    this.#file = file;
    this.#next = start;
    this.#end = end;
  }

  /** Whether every byte of the file belongs to a block that was read, or to the index behind the blocks. */
  get complete(): boolean {
    return this.#next === this.#end;
  }

  /**
   * A file holds its blocks in the order of its index, one right behind another, so one that is anywhere else is not what
   * it is taken for, and a gap is a block that the index has lost.
   * @param bytes of the block with its CRC
   * @throws RangeError for what is no block, or another
   */
  async read(offset: number, bytes: number): Promise<Block> {
    if (offset !== this.#next) throw new RangeError('block in another place than it should be');
    if (offset + bytes > this.#end) throw new RangeError('block outside the file');
    this.#next = offset + bytes;
    const block = await this.#read(offset, bytes);
    if (crc32(block.subarray(CRC_BYTES)) !== block.readUInt32BE(0)) {
      throw new RangeError('block with a wrong checksum');
    }
    const { value, next } = uvarint(block, CRC_BYTES + 1);
    const times = block.subarray(next, next + value);
    return {
      type: block.readUInt8(CRC_BYTES),
      first: times.readBigInt64BE(1),
      points: countTimestamps(times),
    };
  }

  async #read(offset: number, bytes: number): Promise<Buffer> {
    const at = offset - this.#windowAt;
    if (at >= 0 && at + bytes <= this.#window.length) return this.#window.subarray(at, at + bytes);
    const wanted = Math.min(Math.max(bytes, WINDOW_BYTES), this.#end - offset);
    this.#window = await this.#file.read(offset, wanted);
    this.#windowAt = offset;
    return this.#window.subarray(0, bytes);
  }
}

/** Timestamps are stored raw, packed (simple8b) or as one step and a count; the first half byte says which. */
export function countTimestamps(times: Buffer): number {
  switch (times.readUInt8(0) >> 4) {
    case 0:
      return (times.length - 1) / 8;
    case 1: {
      // The first timestamp stands by itself in front of the packed differences.
      let count = 1;
      for (let at = 9; at < times.length; at += 8) count += PACKED[times.readUInt8(at) >> 4] ?? 0;
      return count;
    }
    case 2:
      return uvarint(times, uvarint(times, 9).next).value;
    default:
      throw new RangeError('unknown encoding of timestamps');
  }
}

/** Little groups of seven bits, the lowest first. Exact below 2^53, which every count is. */
function uvarint(buffer: Buffer, start: number): { value: number; next: number } {
  let value = 0;
  for (let at = start, scale = 1; ; at += 1, scale *= 128) {
    const byte = buffer.readUInt8(at);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
  }
}
