import type { FileHandle } from 'node:fs/promises';
import type { Interruption } from '../interruption.ts';
import { nextOf } from '../stop-source.ts';
import type { Answered } from './answers.ts';

/**
 * Writes a stream into a file, a megabyte at a time, and reads on while the disk is busy.
 * @returns the bytes written
 */
export async function writeStream(
  { handle, answered }: { handle: FileHandle; answered: Answered },
  iterator: AsyncIterator<Uint8Array>,
  interruption: Interruption,
  limit: number,
  tooLong: () => Error,
): Promise<number> {
  let total = 0;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await interruption.wait(writing);
    const [chunks, bytes] = [gathered, gatheredBytes];
    writing = answered(() => writeAll(handle, chunks, bytes));
    // Whoever waits for it next gets the error; until then it must not count as unhandled.
    writing.catch(() => undefined);
    gathered = [];
    gatheredBytes = 0;
  };
  for (;;) {
    const next = await interruption.wait(nextOf(iterator));
    if (next.done) break;
    total += next.value.byteLength;
    if (total > limit) throw tooLong();
    gathered.push(next.value);
    gatheredBytes += next.value.byteLength;
    if (gatheredBytes >= 1024 * 1024) await flush();
  }
  await flush();
  await interruption.wait(writing);
  return total;
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return;
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten < bytes) {
    // A nearly full disk takes a part; the next write tells why.
    const rest = Buffer.concat(chunks).subarray(bytesWritten);
    await handle.writeFile(rest);
  }
}
