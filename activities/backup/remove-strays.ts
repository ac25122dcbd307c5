import { backupFolder, DATA, MANIFEST } from '../catalog/layout.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readObjects } from '../catalog/objects.ts';
import { abortUploadsBelow } from '../catalog/remove-below.ts';
import { lineKey } from '../pipeline/line-key.ts';
import type { Store } from '../stores/store.ts';

/** What the lists of objects and their further attempts begin with. */
const LISTS = ['objects', 'product'];

/**
 * Removes what attempts that lost left in a committed backup: data and lists that its manifest does not name, and
 * their unfinished uploads, those of the manifest among them.
 */
export async function removeStrays(
  store: Store,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<void> {
  const folder = backupFolder(manifest.target, manifest.id);
  const named = new Set([folder + manifest.objects.path]);
  if (manifest.delegated) named.add(folder + manifest.delegated.objects.path);
  for await (const line of readObjects(store, manifest, signal)) {
    named.add(lineKey(folder, line));
  }
  await abortUploadsBelow(store, folder + MANIFEST, signal);
  const strays: string[] = [];
  for (const place of [DATA, ...LISTS]) {
    await abortUploadsBelow(store, folder + place, signal);
    for await (const { key } of store.list(folder + place, { signal })) {
      if (!named.has(key)) strays.push(key);
    }
  }
  if (strays.length > 0) await store.remove(strays, { signal });
}
