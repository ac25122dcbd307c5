/** Zstandard frames of raw blocks: valid for every reader, and not one byte smaller. */

const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const LARGEST = 128 * 1024;

export function zstdStored(plain: Buffer): Buffer {
  const header = Buffer.alloc(9);
  // One segment, its size in eight bytes.
  header[0] = 0xe0;
  header.writeBigUInt64LE(BigInt(plain.length), 1);
  const parts: Buffer[] = [MAGIC, header];
  for (let at = 0; at === 0 || at < plain.length; at += LARGEST) {
    const block = plain.subarray(at, at + LARGEST);
    const last = at + LARGEST >= plain.length;
    const size = Buffer.alloc(3);
    size.writeUIntLE((block.length << 3) | (last ? 1 : 0), 0, 3);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}

/** Reads what `zstdStored` wrote. */
export function zstdPlain(stored: Buffer): Buffer {
  if (!stored.subarray(0, 4).equals(MAGIC) || stored[4] !== 0xe0) {
    throw new Error('magic number mismatch');
  }
  const size = Number(stored.readBigUInt64LE(5));
  const parts: Buffer[] = [];
  for (let at = 13; ;) {
    if (at + 3 > stored.length) throw new Error('unexpected EOF');
    const head = stored.readUIntLE(at, 3);
    const end = at + 3 + (head >> 3);
    if (end > stored.length) throw new Error('unexpected EOF');
    parts.push(stored.subarray(at + 3, end));
    at = end;
    if (head & 1) break;
  }
  const plain = Buffer.concat(parts);
  if (plain.length !== size) throw new Error('unexpected EOF');
  return plain;
}
