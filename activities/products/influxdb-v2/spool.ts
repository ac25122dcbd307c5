import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ObjectLine } from '../../catalog/manifest.ts';
import { spoolFailure } from '../../spool-failure.ts';

/** Writes a stream to a new file that only this user can read. @throws SPOOL_FULL */
export async function spoolTo(
  path: string,
  body: AsyncIterable<Uint8Array>,
): Promise<{ bytes: number }> {
  const file = await open(path, 'w', 0o600).catch((error: unknown) => {
    throw spoolFailure(error, path);
  });
  try {
    let bytes = 0;
    for await (const chunk of body) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    return { bytes };
  } catch (error) {
    throw spoolFailure(error, path);
  } finally {
    await file.close();
  }
}

/** The bytes of a file, from the beginning each time it is iterated; opened when the first is read. */
export function fileBytes(path: string): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* createReadStream(path, { highWaterMark: 256 * 1024 });
    },
  };
}

/** Whether stored objects hold the very bytes of a file, by the hash of each. */
export async function holdsFile(lines: ObjectLine[], path: string): Promise<boolean> {
  const wanted = lines.map((line) => line.plain ?? line);
  let hash: Hash = createHash('sha256');
  let at = 0;
  let left = wanted[0]?.bytes ?? 0;
  for await (const chunk of fileBytes(path)) {
    for (let offset = 0; offset < chunk.length;) {
      const taken = Math.min(left, chunk.length - offset);
      hash.update(chunk.subarray(offset, offset + taken));
      offset += taken;
      left -= taken;
      if (left > 0) continue;
      if (hash.digest('hex') !== wanted[at]?.sha256) return false;
      at += 1;
      hash = createHash('sha256');
      left = wanted[at]?.bytes ?? 0;
      if (left === 0 && offset < chunk.length) return false;
    }
  }
  return at === wanted.length;
}
