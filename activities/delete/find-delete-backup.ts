import type { Activities, DeleteJob } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { attempt } from '../attempt/attempt.ts';
import { readIfThere } from '../catalog/json.ts';
import { backupFolder, DELETING, MANIFEST } from '../catalog/layout.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { parseManifest } from '../catalog/read-manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { earlierPlace } from '../moved-storage.ts';
import { namingOtherStores } from '../other-stores.ts';
import { fullPlaceOf } from '../stores/place.ts';
import type { Store } from '../stores/store.ts';
import { storageOf, withStore } from '../workspace.ts';
import { refusedUnread } from './refused-unread.ts';

export function findDeleteBackup(deps: Dependencies): Activities['findDeleteBackup'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { snapshot, backup } = job;
        const wanted = { target: snapshot.target, store: store.name, backup };
        const manifest = await namingOtherStores(deps, wanted, () =>
          findManifest(store, snapshot, backup, at.signal),
        );
        if (!manifest?.delegated) return job;
        const warnings = [...job.warnings, ...movedSince(manifest, job)];
        const { identity } = manifest.product;
        return { ...job, product: manifest.delegated.name, identity, warnings };
      }),
    );
}

/** What a database wrote is looked for where its target writes now. */
function movedSince(manifest: Manifest, { backup, snapshot }: DeleteJob): Warning[] {
  const place = earlierPlace(manifest, snapshot);
  if (place === undefined) return [];
  const now = fullPlaceOf(storageOf(snapshot));
  return [
    {
      code: 'PRODUCT_STORAGE_MOVED',
      message:
        `What the database wrote for backup ${backup} lay in ${place}, and target ${snapshot.target} writes to ` +
        `${now} now: what lies in ${place} below its name is not removed; do it by hand.`,
      subject: backup,
    },
  ];
}

/**
 * Also of a backup whose deletion has begun; undefined where only its end is left to do, or where what the manifest says
 * cannot be read and is not needed.
 */
async function findManifest(
  store: Store,
  snapshot: TargetSnapshot,
  backup: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const { target } = snapshot;
  const folder = backupFolder(target, backup);
  try {
    const raw = await readIfThere(store, folder + MANIFEST, signal);
    if (raw !== undefined) return parseManifest(raw, `${store.place}/${folder}${MANIFEST}`);
  } catch (error) {
    // A damaged backup may go; but what a product wrote for it can be found only by its manifest.
    const damaged = error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED';
    if (damaged && snapshot.kind !== 'delegated') return undefined;
    throw refusedUnread(store, { backup, snapshot }, backup, error);
  }
  if (await store.head(folder + DELETING, { signal })) return undefined;
  throw new HoldfastError(
    'BACKUP_UNKNOWN',
    `There is no backup ${backup} of target ${target} in store ${store.name} (${store.place}).`,
  );
}
