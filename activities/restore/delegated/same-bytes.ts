import { createHash } from 'node:crypto';
import type { Store } from '../../stores/store.ts';

/** Whether an object holds just these bytes. Both are read to their end, so that every check on the way is made. */
export async function sameBytes(
  wanted: AsyncIterable<Uint8Array>,
  store: Store,
  key: string,
  signal: AbortSignal,
): Promise<boolean> {
  const [expected, found] = await Promise.all([
    digest(wanted),
    digest(store.read(key, { signal })),
  ]);
  return expected === found;
}

async function digest(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source) hash.update(chunk);
  return hash.digest('hex');
}
