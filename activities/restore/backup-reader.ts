import type { ReadJob } from '../../workflows/contract/activities.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { readObjects } from '../catalog/objects.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { openArtifact } from '../pipeline/open-artifact.ts';
import type { BackupReader } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { openerOf } from '../workspace.ts';

type Reading = Pick<Parameters<typeof openArtifact>[0], 'lines' | 'opener' | 'decompress'>;

/** A committed backup, for the product that restores it. */
export async function backupReader(
  store: Store,
  { snapshot, backup }: ReadJob,
  signal: AbortSignal,
): Promise<BackupReader> {
  const manifest = await readManifest(store, snapshot.target, backup, signal);
  const opener = manifest.encryption ? await openerOf(snapshot) : undefined;
  const folder = backupFolder(snapshot.target, backup);
  const read = (reading: Reading) => openArtifact({ store, folder, signal, ...reading });
  async function* openLate(reading: Reading): AsyncGenerator<Uint8Array> {
    yield* read({ ...reading, opener: await openerOf(snapshot) });
  }
  return {
    manifest,
    objects: () => readObjects(store, manifest, signal),
    open: (lines, { decompress = false } = {}) =>
      // Its copy may be encrypted though the backup was not when it was taken.
      !opener && isEncrypted(lines)
        ? openLate({ lines, decompress })
        : read({ lines, opener, decompress }),
  };
}

function isEncrypted(lines: ObjectLine[]): boolean {
  return lines.some(({ encrypted }) => encrypted);
}
