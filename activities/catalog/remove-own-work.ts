import { WORK } from './layout.ts';
import { removeBelow } from './remove-below.ts';
import type { Store } from '../stores/store.ts';

/** A backup's own folders below `work/`; any other belongs to a run that reads it: a restore, a verify or a copy. */
const OWN_FOLDER = /^(plan-.+|receipts|partial|notes|jobs)$/;

/** @param path below `work/` of a backup */
export function isOwnWork(path: string): boolean {
  const [name = ''] = path.split('/');
  return name === path || OWN_FOLDER.test(name);
}

/**
 * Removes what the run that took a backup kept while it was under way. Readers may have begun as soon as the manifest
 * appeared, and what they keep is theirs.
 * @param folder the key prefix of the backup, ending in `/`
 */
export async function removeOwnWork(
  store: Store,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const work = folder + WORK;
  for (const name of await store.folders(work, { signal })) {
    if (OWN_FOLDER.test(name)) await removeBelow(store, `${work}${name}/`, signal);
  }
  // A folder in which only an upload was begun is none yet to a store.
  for await (const upload of store.openUploads(work, { signal })) {
    if (isOwnWork(upload.key.slice(work.length))) await store.abortUpload(upload, { signal });
  }
  const keys: string[] = [];
  for await (const { key } of store.list(work, { signal })) {
    if (isOwnWork(key.slice(work.length))) keys.push(key);
  }
  if (keys.length > 0) await store.remove(keys, { signal });
}
