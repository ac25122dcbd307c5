import { crc32 } from 'node:zlib';
import type { Column, Columns, TypeNumber } from './points.ts';
import { decodeBlock } from './tsm-decode.ts';
import { encodeBlock } from './tsm-encode.ts';

/** A TSM file of version 1: header, blocks with checksums, index in key order, offset of the index. */

export const TSM_HEADER = Buffer.from('16d116d101', 'hex');
const POINTS_PER_BLOCK = 1000;

export interface IndexBlock {
  min: bigint;
  max: bigint;
  offset: number;
  size: number;
}

export interface IndexEntry {
  key: string;
  type: TypeNumber;
  blocks: IndexBlock[];
}

export function writeTsm(columns: Columns, options: { raw?: boolean } = {}): Buffer {
  const parts: Buffer[] = [TSM_HEADER];
  let offset = TSM_HEADER.length;
  const index: IndexEntry[] = [];
  for (const [key, column] of [...columns].toSorted(([a], [b]) => byBytes(a, b))) {
    const points = [...column.points].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const entry: IndexEntry = { key, type: column.type, blocks: [] };
    for (let at = 0; at < points.length; at += POINTS_PER_BLOCK) {
      const page = points.slice(at, at + POINTS_PER_BLOCK);
      const times = page.map(([time]) => time);
      const block = withChecksum(
        encodeBlock(
          column.type,
          times,
          page.map(([, value]) => value),
          options.raw,
        ),
      );
      entry.blocks.push({
        min: times[0] ?? 0n,
        max: times.at(-1) ?? 0n,
        offset,
        size: block.length,
      });
      parts.push(block);
      offset += block.length;
    }
    index.push(entry);
  }
  return Buffer.concat([...parts, encodeIndex(index), indexOffset(offset)]);
}

export function withChecksum(data: Buffer): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(data));
  return Buffer.concat([checksum, data]);
}

export function indexOffset(offset: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(offset));
  return bytes;
}

export function encodeIndex(entries: IndexEntry[]): Buffer {
  return Buffer.concat(
    entries.map(({ key, type, blocks }) => {
      const name = Buffer.from(key);
      const bytes = Buffer.alloc(2 + name.length + 3 + 28 * blocks.length);
      bytes.writeUInt16BE(name.length, 0);
      name.copy(bytes, 2);
      bytes.writeUInt8(type, 2 + name.length);
      bytes.writeUInt16BE(blocks.length, 3 + name.length);
      blocks.forEach((block, i) => {
        const at = 5 + name.length + 28 * i;
        bytes.writeBigInt64BE(block.min, at);
        bytes.writeBigInt64BE(block.max, at + 8);
        bytes.writeBigUInt64BE(BigInt(block.offset), at + 16);
        bytes.writeUInt32BE(block.size, at + 24);
      });
      return bytes;
    }),
  );
}

/** Throws when header or index are not those of a TSM file. */
export function readIndex(file: Buffer): IndexEntry[] {
  if (file.length < 13 || !file.subarray(0, 5).equals(TSM_HEADER))
    throw new Error('not a TSM file');
  const end = file.length - 8;
  const entries: IndexEntry[] = [];
  let at = Number(file.readBigUInt64BE(end));
  if (at < 5 || at > end) throw new Error('the index lies outside the file');
  while (at < end) {
    const length = file.readUInt16BE(at);
    const key = file.toString('utf8', at + 2, at + 2 + length);
    const type = file.readUInt8(at + 2 + length) as TypeNumber;
    const count = file.readUInt16BE(at + 3 + length);
    at += 5 + length;
    const blocks: IndexBlock[] = [];
    for (let i = 0; i < count; i++, at += 28) {
      blocks.push({
        min: file.readBigInt64BE(at),
        max: file.readBigInt64BE(at + 8),
        offset: Number(file.readBigUInt64BE(at + 16)),
        size: file.readUInt32BE(at + 24),
      });
    }
    entries.push({ key, type, blocks });
  }
  return entries;
}

/** A block whose checksum or encoding is wrong yields no points, and nobody is told: as a server answers a query. */
export function readColumns(file: Buffer): Columns {
  const columns: Columns = new Map();
  for (const { key, type, blocks } of readIndex(file)) {
    const column: Column = { type, points: new Map() };
    for (const { offset, size } of blocks) {
      const data = file.subarray(offset + 4, offset + size);
      if (file.readUInt32BE(offset) !== crc32(data)) continue;
      const { times, values } = decodeBlock(data);
      times.forEach((time, i) => column.points.set(time, values[i] ?? 0));
    }
    if (column.points.size > 0) columns.set(key, column);
  }
  return columns;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
