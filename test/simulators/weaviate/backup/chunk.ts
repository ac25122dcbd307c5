import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { readTar, TAR_TRAILER, tarHeader, tarPadding } from '../../influxdb-v2/bytes/tar.ts';
import { zstdPlain, zstdStored } from './zstd.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

/** Files of shards, by their path below the data directory. */
export type Files = Map<string, Buffer>;

const GZIP_LEVELS: Record<string, number> = {
  BestSpeed: constants.Z_BEST_SPEED,
  BestCompression: constants.Z_BEST_COMPRESSION,
};

export function compressionOf(level: string): Compression {
  if (level === 'NoCompression') return 'none';
  return level.startsWith('Zstd') ? 'zstd' : 'gzip';
}

/** A chunk as it lies in the storage: a tar, compressed. */
export function pack(files: Files, level: string): Buffer {
  const parts: Buffer[] = [];
  for (const [name, bytes] of files) {
    if (Buffer.byteLength(name) > 100) throw new Error(`The simulator's tar is too old: ${name}`);
    parts.push(tarHeader(name, bytes.length, new Date()), bytes, tarPadding(bytes.length));
  }
  const tar = Buffer.concat([...parts, TAR_TRAILER]);
  const compression = compressionOf(level);
  if (compression === 'none') return tar;
  if (compression === 'zstd') return zstdStored(tar);
  return gzipSync(tar, { level: GZIP_LEVELS[level] ?? constants.Z_DEFAULT_COMPRESSION });
}

/** Throws when it is not whole. */
export async function unpack(stored: Buffer, compression: Compression): Promise<Files> {
  const files: Files = new Map();
  await readTar(only(plainOf(stored, compression)), {
    async entry(name, _, body) {
      const parts: Buffer[] = [];
      for await (const part of body) parts.push(part);
      files.set(name, Buffer.concat(parts));
    },
  });
  return files;
}

function plainOf(stored: Buffer, compression: Compression): Buffer {
  if (stored.length === 0) throw new Error('unexpected EOF');
  if (compression === 'none') return stored;
  return compression === 'zstd' ? zstdPlain(stored) : gunzipSync(stored);
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
