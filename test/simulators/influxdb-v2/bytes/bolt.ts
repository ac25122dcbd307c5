/**
 * A bolt database with one bucket and one key in it: two meta pages, an empty free list, the root and the page of the
 * value. Bolt itself opens it; the simulator keeps its whole state in the value.
 */

const PAGE = 4096;
const MAGIC = 0xed0cdaed;
const BUCKET = 'simulator';
const KEY = 'state';

export function writeBolt(state: Buffer): Buffer {
  const leaf = leafPage(4, KEY, state, 0);
  const highWater = 4 + leaf.length / PAGE;
  const bucketHeader = Buffer.alloc(16);
  bucketHeader.writeBigUInt64LE(4n, 0);
  return Buffer.concat([
    metaPage(0, highWater),
    metaPage(1, highWater),
    page(2, 0x10, 0, PAGE),
    leafPage(3, BUCKET, bucketHeader, 1),
    leaf,
  ]);
}

/** Throws when the bytes are not a database of the simulator. */
export function readBolt(bytes: Buffer): Buffer {
  if (bytes.length < 5 * PAGE || bytes.readUInt32LE(16) !== MAGIC)
    throw new Error('not a bolt file');
  const at = 4 * PAGE;
  const position = bytes.readUInt32LE(at + 20);
  const start = at + 16 + position + bytes.readUInt32LE(at + 24);
  const end = start + bytes.readUInt32LE(at + 28);
  if (end > bytes.length) throw new Error('the bolt file is cut');
  return bytes.subarray(start, end);
}

function page(id: number, flags: number, count: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(Math.ceil(bytes / PAGE) * PAGE);
  buffer.writeBigUInt64LE(BigInt(id), 0);
  buffer.writeUInt16LE(flags, 8);
  buffer.writeUInt16LE(count, 10);
  buffer.writeUInt32LE(buffer.length / PAGE - 1, 12);
  return buffer;
}

function leafPage(id: number, key: string, value: Buffer, flags: number): Buffer {
  const buffer = page(id, 0x02, 1, 32 + key.length + value.length);
  buffer.writeUInt32LE(flags, 16);
  buffer.writeUInt32LE(16, 20);
  buffer.writeUInt32LE(key.length, 24);
  buffer.writeUInt32LE(value.length, 28);
  buffer.write(key, 32);
  value.copy(buffer, 32 + key.length);
  return buffer;
}

function metaPage(id: number, highWater: number): Buffer {
  const buffer = page(id, 0x04, 0, PAGE);
  buffer.writeUInt32LE(MAGIC, 16);
  buffer.writeUInt32LE(2, 20);
  buffer.writeUInt32LE(PAGE, 24);
  buffer.writeBigUInt64LE(3n, 32);
  buffer.writeBigUInt64LE(2n, 48);
  buffer.writeBigUInt64LE(BigInt(highWater), 56);
  buffer.writeBigUInt64LE(BigInt(id), 64);
  buffer.writeBigUInt64LE(fnv1a(buffer.subarray(16, 72)), 72);
  return buffer;
}

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
