import type { Store, StoredObject } from '../../stores/store.ts';

/** The unit of a tar. */
const BLOCK = 512;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * What is wrong with a chunk, as far as its first and last bytes tell without reading it: a gzip stream ends in the
 * length of its tar, which is a multiple of 512, and a plain tar ends in zeros. Nearly every truncation shows so; one
 * of zstd does not.
 */
export async function chunkFault(
  storage: Store,
  { key, bytes }: StoredObject,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (bytes === 0) return 'is empty';
  const head = await readRange(storage, key, 0, Math.min(4, bytes), signal);
  if (head.subarray(0, 2).equals(GZIP)) {
    if (bytes < 18) return 'is cut off';
    const tail = await readRange(storage, key, bytes - 4, bytes, signal);
    const length = tail.readUInt32LE(0);
    return length > 0 && length % BLOCK === 0 ? undefined : 'is cut off';
  }
  if (head.equals(ZSTD)) return undefined;
  if (bytes % BLOCK !== 0 || bytes < 2 * BLOCK) return 'is cut off, or no chunk at all';
  const tail = await readRange(storage, key, bytes - 2 * BLOCK, bytes, signal);
  return tail.every((byte) => byte === 0) ? undefined : 'is cut off, or no chunk at all';
}

async function readRange(
  storage: Store,
  key: string,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(key, { start, end, signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
