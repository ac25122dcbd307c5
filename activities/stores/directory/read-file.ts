import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../failure.ts';
import { Interruption } from '../interruption.ts';
import type { Answered } from './answers.ts';
import { isUnreadable } from './failure.ts';

const CHUNK = 256 * 1024;
const TRIES = 4;
const PAUSE_MS = 50;

/** The bytes of a file or of a range of it. Throws when the file ends before the range does. */
export async function* readFileRange(
  path: string,
  store: string,
  key: string,
  answered: Answered,
  options: {
    signal?: AbortSignal | undefined;
    start?: number | undefined;
    end?: number | undefined;
  },
): AsyncIterable<Uint8Array> {
  const interruption = new Interruption(options.signal);
  let opening: Promise<FileHandle> | undefined;
  try {
    const handle = await interruption.wait(answered(() => (opening = open(path, 'r'))));
    const found = await interruption.wait(answered(() => handle.stat()));
    const ask = <T>(call: () => Promise<T>) => interruption.wait(answered(call));
    if (!found.isFile()) throw missing(store, key);
    const end = options.end ?? found.size;
    let position = options.start ?? 0;
    if (position > found.size) throw short(store, key, end, found.size);
    while (position < end) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, end - position));
      const bytesRead = await readInto(chunk, handle, position, ask);
      if (bytesRead === 0) throw short(store, key, end, position);
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    interruption.end();
    closeOnce(opening);
  }
}

/** Also a file that is opened long after anybody waited for it. */
function closeOnce(opening: Promise<FileHandle> | undefined): void {
  void opening?.then((handle) => handle.close()).catch(() => undefined);
}

/** A disk or its cable may have a bad moment: only what stays unreadable is damaged. */
async function readInto(
  chunk: Buffer,
  handle: FileHandle,
  position: number,
  ask: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      const reading = () => handle.read(chunk, 0, chunk.byteLength, position);
      return (await ask(reading)).bytesRead;
    } catch (error) {
      if (tries === TRIES || !isUnreadable(error)) throw error;
      await ask(() => sleep(PAUSE_MS * 2 ** tries));
    }
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
