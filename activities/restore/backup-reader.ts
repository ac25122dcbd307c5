import type { ReadJob } from '../../workflows/contract/activities.ts';
import { backupFolder } from '../catalog/layout.ts';
import { readObjects } from '../catalog/objects.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { openArtifact } from '../pipeline/open-artifact.ts';
import type { BackupReader } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { openerOf } from '../workspace.ts';

/** A committed backup, for the product that restores it. */
export async function backupReader(
  store: Store,
  { snapshot, backup }: ReadJob,
  signal: AbortSignal,
): Promise<BackupReader> {
  const manifest = await readManifest(store, snapshot.target, backup, signal);
  const opener = manifest.encryption ? await openerOf(snapshot) : undefined;
  const folder = backupFolder(snapshot.target, backup);
  return {
    manifest,
    objects: () => readObjects(store, manifest, signal),
    open: (lines, { decompress = false } = {}) =>
      openArtifact({ store, folder, lines, opener, signal, decompress }),
  };
}
