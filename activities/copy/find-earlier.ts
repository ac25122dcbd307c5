import { readChain } from '../catalog/chain.ts';
import { collectedByKey, readCollected, type CollectedLine } from '../catalog/collected.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { sameReaders } from '../pipeline/age/same-readers.ts';
import { lineFrom } from '../pipeline/line-key.ts';
import type { Store } from '../stores/store.ts';

/**
 * What the copies of the backups that this one rests on hold already, by the product's key, named from this backup's
 * folder. Nothing is taken over from one that others can read.
 * @param readers fingerprints of the recipients; undefined when it is not encrypted
 */
export async function findEarlier(
  store: Store,
  manifest: Manifest,
  readers: string[] | undefined,
  signal: AbortSignal,
): Promise<Map<string, CollectedLine[]>> {
  const found = new Map<string, CollectedLine[]>();
  for (const base of (await readChain(store, manifest, signal)).slice(1)) {
    const collected = await readCollected(store, base.target, base.id, signal);
    if (!collected || !sameReaders(collected.encryption?.recipients, readers)) continue;
    for (const [key, lines] of await collectedByKey(store, base, collected, signal)) {
      found.set(
        key,
        lines.map((line) => ({ ...line, from: lineFrom(line, base) })),
      );
    }
  }
  return found;
}
