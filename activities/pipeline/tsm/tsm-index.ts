import { BlockReader } from './tsm-block.ts';
import { TsmFault } from './tsm-fault.ts';
import { openTsmFile, type TsmSource } from './tsm-source.ts';
import { eachTimestamp, type VisitTime } from './tsm-timestamps.ts';

/** One series and field of a TSM file: what its index says, and how many points its blocks hold. */
export interface TsmKey {
  /** The series key, `#!~#`, and the field; each byte is one character. */
  key: string;
  /** 0 float, 1 integer, 2 boolean, 3 string, 4 unsigned. */
  type: number;
  /** Nanoseconds, both inclusive. */
  min: bigint;
  max: bigint;
  points: number;
  /** Blocks of this file overlap in time, so that the points may repeat each other. */
  overlaps: boolean;
}

/** Says, for a series and field, who wants to see its timestamps. */
export type VisitSeries = (key: string) => VisitTime | undefined;

const MAGIC = 0x16d116d1;
const VERSION = 1;
const HEADER_BYTES = 5;
const FOOTER_BYTES = 8;
const ENTRY_BYTES = 28;

/**
 * Reads the index of a TSM file, key by key in byte order. Holds the index, and of the blocks only a window.
 * @param source a path, or an open file, which is closed at the end
 * @throws TsmFault
 */
export async function* readTsm(
  source: string | TsmSource,
  visit?: VisitSeries,
): AsyncGenerator<TsmKey> {
  const file = typeof source === 'string' ? await openTsmFile(source) : source;
  try {
    const { index, blocksEnd } = await readIndex(file);
    const blocks = new BlockReader(file, HEADER_BYTES, blocksEnd);
    let before: string | undefined;
    for (let at = 0; at < index.length;) {
      const { key, next } = await readKey(index, at, blocks, visit);
      if (before !== undefined && key.key <= before) {
        throw new TsmFault('is damaged (series in another order than they should be)');
      }
      yield key;
      before = key.key;
      at = next;
    }
    if (!blocks.complete) throw new TsmFault('is damaged (blocks that its index does not name)');
  } finally {
    await file.close();
  }
}

async function readIndex(file: TsmSource): Promise<{ index: Buffer; blocksEnd: number }> {
  const { size } = file;
  if (size < HEADER_BYTES + FOOTER_BYTES) throw new TsmFault('is too short for a TSM file');
  const header = await file.read(0, HEADER_BYTES);
  if (header.readUInt32BE(0) !== MAGIC || header[4] !== VERSION) {
    throw new TsmFault('is not a TSM file of version 1');
  }
  const offset = (await file.read(size - FOOTER_BYTES, FOOTER_BYTES)).readBigUInt64BE(0);
  if (offset < HEADER_BYTES || offset > size - FOOTER_BYTES) {
    throw new TsmFault('has a footer that points outside the file');
  }
  const blocksEnd = Number(offset);
  return { index: await file.read(blocksEnd, size - FOOTER_BYTES - blocksEnd), blocksEnd };
}

async function readKey(
  index: Buffer,
  start: number,
  blocks: BlockReader,
  visit: VisitSeries | undefined,
): Promise<{ key: TsmKey; next: number }> {
  try {
    const length = index.readUInt16BE(start);
    let at = start + 2;
    const key = index.toString('latin1', at, at + length);
    at += length;
    const type = index.readUInt8(at);
    const count = index.readUInt16BE(at + 1);
    at += 3;
    const wanted = visit?.(key);
    let [min, max, points, overlaps] = [0n, 0n, 0, false];
    for (let i = 0; i < count; i += 1, at += ENTRY_BYTES) {
      const from = index.readBigInt64BE(at);
      const to = index.readBigInt64BE(at + 8);
      if (i > 0 && from <= max) overlaps = true;
      if (i === 0 || from < min) min = from;
      if (i === 0 || to > max) max = to;
      const offset = Number(index.readBigUInt64BE(at + 16));
      const block = await blocks.read(offset, index.readUInt32BE(at + 24));
      if (block.type !== type) throw new RangeError('block of another type');
      if (block.first !== from || to < from) throw new RangeError('block of another time');
      points += block.points;
      if (wanted) eachTimestamp(block.times, wanted);
    }
    if (count === 0) throw new RangeError('series without a block');
    return { key: { key, type, min, max, points, overlaps }, next: at };
  } catch (error) {
    if (error instanceof RangeError) throw new TsmFault(`is damaged (${error.message})`);
    throw error;
  }
}
