import { createReadStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';

/** The bytes of one TSM file of a shard: in memory, on disk, or computed when they are asked for. */
export interface StoredBytes {
  readonly size: number;
  chunks(): AsyncIterable<Buffer>;
  /** The whole, for small files. */
  read(): Promise<Buffer>;
  remove(): Promise<void>;
}

export function inMemory(bytes: Buffer): StoredBytes {
  return {
    size: bytes.length,
    async *chunks() {
      yield bytes;
    },
    read: () => Promise.resolve(bytes),
    remove: () => Promise.resolve(),
  };
}

export function onDisk(path: string, size: number): StoredBytes {
  return {
    size,
    chunks: () => createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>,
    read: () => readFile(path),
    remove: () => rm(path, { force: true }),
  };
}
