import { collectedByKey, readCollected, type CollectedLine } from '../catalog/collected.ts';
import { backupFolder, targetFolder } from '../catalog/layout.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readManifest } from '../catalog/read-manifest.ts';
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
  const seen = new Set([manifest.id]);
  const queue = (manifest.delegated?.bases ?? []).map(({ backup }) => backup);
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const base = await readManifest(store, manifest.target, id, signal);
    queue.push(...(base.delegated?.bases ?? []).map(({ backup }) => backup));
    const collected = await readCollected(store, base.target, id, signal);
    if (!collected || !sameReaders(collected.encryption?.recipients, readers)) continue;
    for (const [key, lines] of await collectedByKey(store, base, collected, signal)) {
      found.set(key, named(lines, base));
    }
  }
  return found;
}

function sameReaders(one: string[] | undefined, other: string[] | undefined): boolean {
  return one?.toSorted().join() === other?.toSorted().join();
}

function named(lines: CollectedLine[], { target, id }: Manifest): CollectedLine[] {
  return lines.map((line) => {
    const key = lineKey(backupFolder(target, id), line);
    return { ...line, from: `../${key.slice(targetFolder(target).length)}` };
  });
}
