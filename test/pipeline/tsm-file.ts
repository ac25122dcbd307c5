import { crc32 } from 'node:zlib';
import { uvarint } from '../simulators/influxdb-v2/bytes/varint.ts';

/** Times of each block of a series; the values do not matter to what is read here. */
export type Series = Record<string, { type?: number; blocks: number[][] }>;

function block(type: number, times: number[]): Buffer {
  const stamps = Buffer.alloc(1 + times.length * 8);
  times.forEach((time, i) => {
    stamps.writeBigInt64BE(BigInt(time - (times[i - 1] ?? 0)), 1 + i * 8);
  });
  const data = Buffer.concat([
    Buffer.of(type),
    uvarint(stamps.length),
    stamps,
    Buffer.from('values'),
  ]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(data));
  return Buffer.concat([crc, data]);
}

/** A TSM file, one block after another; between them, times may lie as they like. */
export function tsmFile(series: Series): Buffer {
  const blocks: Buffer[] = [Buffer.from([0x16, 0xd1, 0x16, 0xd1, 1])];
  const index: Buffer[] = [];
  let at = 5;
  for (const [key, { type = 0, blocks: all }] of Object.entries(series)) {
    const head = Buffer.alloc(2 + key.length + 3);
    head.writeUInt16BE(key.length, 0);
    head.write(key, 2);
    head.writeUInt8(type, 2 + key.length);
    head.writeUInt16BE(all.length, 3 + key.length);
    index.push(head);
    for (const times of all) {
      const bytes = block(type, times);
      const entry = Buffer.alloc(28);
      entry.writeBigInt64BE(BigInt(times[0] ?? 0), 0);
      entry.writeBigInt64BE(BigInt(times.at(-1) ?? 0), 8);
      entry.writeBigUInt64BE(BigInt(at), 16);
      entry.writeUInt32BE(bytes.length, 24);
      index.push(entry);
      blocks.push(bytes);
      at += bytes.length;
    }
  }
  const footer = Buffer.alloc(8);
  footer.writeBigUInt64BE(BigInt(at));
  return Buffer.concat([...blocks, ...index, footer]);
}
