import { createHash } from 'node:crypto';
import type { ObjectLine } from '../catalog/manifest.ts';

/** Whether a stream holds the very bytes that are stored, by the hash of each object. Reads it to its end. */
export async function holdsSame(
  lines: ObjectLine[],
  body: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  const parts = lines.map((line) => line.plain ?? line);
  let [at, left, same] = [0, parts[0]?.bytes ?? 0, true];
  let hash = createHash('sha256');
  for await (const chunk of body) {
    for (let offset = 0; offset < chunk.length;) {
      if (left === 0) {
        if (at >= parts.length) same = false;
        else if (hash.digest('hex') !== parts[at]?.sha256) same = false;
        at += 1;
        hash = createHash('sha256');
        left = parts[at]?.bytes ?? Infinity;
      }
      const taken = Math.min(left, chunk.length - offset);
      hash.update(chunk.subarray(offset, offset + taken));
      offset += taken;
      left -= taken;
    }
  }
  return same && left === 0 && at === parts.length - 1 && hash.digest('hex') === parts[at]?.sha256;
}
