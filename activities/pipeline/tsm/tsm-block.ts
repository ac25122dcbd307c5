import { crc32 } from 'node:zlib';
import type { TsmSource } from './tsm-source.ts';
import { countTimestamps, uvarint } from './tsm-timestamps.ts';

const WINDOW_BYTES = 1024 * 1024;
const CRC_BYTES = 4;

export interface Block {
  /** Of its values, as the index names them. */
  type: number;
  /** Its first time, which stands by itself in every encoding. */
  first: bigint;
  points: number;
  /** Its timestamps as they are encoded; only until the next block is read. */
  times: Buffer;
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
      times,
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
