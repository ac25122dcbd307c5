import { gzipSync } from 'node:zlib';

export interface Deletion {
  key: string;
  /** Nanoseconds, both ends inclusive. */
  min: bigint;
  max: bigint;
}

const HEADER = Buffer.from('00001504', 'hex');

/** A tombstone file of version 4: one gzip member for each delete. */
export function writeTombstone(deletes: Deletion[][]): Buffer {
  const members = deletes.map((deletions) =>
    gzipSync(
      Buffer.concat(
        deletions.map(({ key, min, max }) => {
          const name = Buffer.from(key);
          const bytes = Buffer.alloc(4 + name.length + 16);
          bytes.writeUInt32BE(name.length, 0);
          name.copy(bytes, 4);
          bytes.writeBigInt64BE(min, 4 + name.length);
          bytes.writeBigInt64BE(max, 12 + name.length);
          return bytes;
        }),
      ),
    ),
  );
  return Buffer.concat([HEADER, ...members]);
}
