import { readChain } from '../catalog/chain.ts';
import { collectedByKey, readCollected, type CollectedLine } from '../catalog/collected.ts';
import { backupFolder, targetFolder } from '../catalog/layout.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { lineKey } from '../pipeline/line-key.ts';
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
      found.set(key, named(lines, base));
    }
  }
  return found;
}

function named(lines: CollectedLine[], { target, id }: Manifest): CollectedLine[] {
  return lines.map((line) => {
    const key = lineKey(backupFolder(target, id), line);
    return { ...line, from: `../${key.slice(targetFolder(target).length)}` };
  });
}

function sameReaders(one: string[] | undefined, other: string[] | undefined): boolean {
  return one?.toSorted().join() === other?.toSorted().join();
}
