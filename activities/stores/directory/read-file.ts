import { open } from 'node:fs/promises';
import { HoldfastError } from '../../failure.ts';
import { Interruption } from '../interruption.ts';

const CHUNK = 256 * 1024;

/** The bytes of a file or of a range of it. Throws when the file ends before the range does. */
export async function* readFileRange(
  path: string,
  store: string,
  key: string,
  options: {
    signal?: AbortSignal | undefined;
    start?: number | undefined;
    end?: number | undefined;
  },
): AsyncIterable<Uint8Array> {
  const interruption = new Interruption(options.signal);
  const opening = open(path, 'r');
  try {
    const handle = await interruption.wait(opening);
    const found = await interruption.wait(handle.stat());
    if (!found.isFile()) throw missing(store, key);
    const end = options.end ?? found.size;
    let position = options.start ?? 0;
    if (position > found.size) throw short(store, key, end, found.size);
    while (position < end) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, end - position));
      const read = handle.read(chunk, 0, chunk.byteLength, position);
      const { bytesRead } = await interruption.wait(read);
      if (bytesRead === 0) throw short(store, key, end, position);
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    interruption.end();
    void opening.then((handle) => handle.close()).catch(() => undefined);
  }
}

function missing(store: string, key: string): HoldfastError {
  return new HoldfastError('OBJECT_MISSING', `${store} does not hold ${key}.`);
}

function short(store: string, key: string, wanted: number, got: number): HoldfastError {
  return new HoldfastError(
    'STORE_ERROR',
    `${store} ended ${key} at byte ${got}, though it was asked for bytes up to ${wanted}.`,
  );
}
