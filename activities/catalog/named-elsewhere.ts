import { posix } from 'node:path';
import { BACKUP_ID } from '../../workflows/contract/names.ts';
import type { Store } from '../stores/store.ts';
import { collectedObjects, readCollected } from './collected.ts';
import { backupFolder, DATA, targetFolder } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { readObjects } from './objects.ts';
import { isCommitted, readManifest } from './read-manifest.ts';

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

/**
 * The first backup of a target that names an object which lies in a folder.
 * @throws BACKUP_DAMAGED, BACKUP_FORMAT_NEWER of one that cannot be read: nobody knows what it names
 */
export async function whoNamesObjectsIn(
  store: Store,
  target: string,
  folder: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  for (const id of await store.folders(targetFolder(target), { signal })) {
    if (!BACKUP_ID.test(id) || !(await isCommitted(store, target, id, signal))) continue;
    const manifest = await readManifest(store, target, id, signal);
    if (await namesObjectsIn(store, manifest, folder, signal)) return id;
  }
  return undefined;
}
