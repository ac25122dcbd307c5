import { FormatFault } from '../../pipeline/formats/format-fault.ts';
import { gunzipped } from '../../pipeline/gunzipped.ts';
import type { Store, StoredObject } from '../../stores/store.ts';

/** The unit of a tar. */
const BLOCK = 512;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Up to this a gzip is inflated, which takes hardly longer than to ask for both of its ends. */
const INFLATED_BYTES = 4 * 1024 * 1024;

/**
 * What is wrong with a chunk. A gzip of a few MiB is inflated. Of larger ones, and of plain tars, only the first and
 * last bytes are looked at: a gzip ends in the length of its tar, which is a multiple of 512, and a plain tar in zeros.
 * Of 256 truncations of a large gzip one does not show so, and of zstd none does.
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
    const length =
      bytes <= INFLATED_BYTES
        ? await inflatedBytes(storage, key, signal)
        : (await readRange(storage, key, bytes - 4, bytes, signal)).readUInt32LE(0);
    return length > 0 && length % BLOCK === 0 ? undefined : 'is cut off';
  }
  if (head.equals(ZSTD)) return undefined;
  if (bytes % BLOCK !== 0 || bytes < 2 * BLOCK) return 'is cut off, or no chunk at all';
  const tail = await readRange(storage, key, bytes - 2 * BLOCK, bytes, signal);
  return tail.every((byte) => byte === 0) ? undefined : 'is cut off, or no chunk at all';
}

/** @returns 0 for what is no whole gzip */
async function inflatedBytes(storage: Store, key: string, signal: AbortSignal): Promise<number> {
  let length = 0;
  try {
    for await (const chunk of gunzipped(storage.read(key, { signal }))) length += chunk.length;
  } catch (error) {
    if (error instanceof FormatFault) return 0;
    throw error;
  }
  return length;
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
