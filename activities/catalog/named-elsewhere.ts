import { posix } from 'node:path';
import type { Store } from '../stores/store.ts';
import { collectedObjects, readCollected } from './collected.ts';
import { backupFolder, DATA } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { readObjects } from './objects.ts';

/**
 * Whether a backup names an object that lies in another folder of its target, by its manifest or by its copy.
 * @param folder the key prefix of the other one, ending in `/`
 */
export async function namesObjectsIn(
  store: Store,
  manifest: Manifest,
  folder: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const own = backupFolder(manifest.target, manifest.id);
  const lies = (from: string | undefined) =>
    from !== undefined && posix.join(own, from).startsWith(folder + DATA);
  for await (const { from } of readObjects(store, manifest, signal)) if (lies(from)) return true;
  if (!manifest.delegated) return false;
  const collected = await readCollected(store, manifest.target, manifest.id, signal);
  if (!collected) return false;
  for await (const { from } of collectedObjects(store, manifest, collected, signal)) {
    if (lies(from)) return true;
  }
  return false;
}
