import type { Activities, DeleteJob } from '../../workflows/contract/activities.ts';
import { BACKUP_ID } from '../../workflows/contract/names.ts';
import { attempt } from '../attempt.ts';
import { putOnce, toJson } from '../catalog/json.ts';
import { backupFolder, DELETING, targetFolder } from '../catalog/layout.ts';
import { livingLeases } from '../catalog/leases.ts';
import { namesObjectsIn } from '../catalog/named-elsewhere.ts';
import { isCommitted, readManifest } from '../catalog/read-manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { withDelegated, withStore } from '../workspace.ts';
import { takeBack } from './take-back.ts';

/** Whoever reads a backup writes a lease and looks for `deleting.json` then; here it is the other way round. */
export function condemnBackup(deps: Dependencies): Activities['condemnBackup'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const key = backupFolder(job.snapshot.target, job.backup) + DELETING;
        const look = async () => {
          await refuseWhileRead(store, job, at.signal);
          await refuseWhileNeeded(store, job, at.signal);
        };
        try {
          await look();
          await refuseWhileKept(deps, job, at.signal);
          const sentence = toJson({ ...job.run, since: new Date().toISOString() });
          await putOnce(store, key, sentence, at.signal);
          // A backup that was about to name its objects held a lease until its manifest was there.
          await look();
        } catch (error) {
          await takeBack(store, job, at);
          throw error;
        }
      }),
    );
}

/** Nobody can restore a backup any more whose product is only asked afterwards, and does not answer for the night. */
async function refuseWhileKept(
  deps: Dependencies,
  { snapshot, product }: DeleteJob,
  signal: AbortSignal,
): Promise<void> {
  if (product === undefined) return;
  await withDelegated(deps, { signal }, snapshot, async ({ backup }) => {
    await backup.mayRemove?.(product);
  });
}

async function refuseWhileRead(
  store: Store,
  { snapshot, backup }: DeleteJob,
  signal: AbortSignal,
): Promise<void> {
  const [reader] = await livingLeases(store, { target: snapshot.target, backup }, signal);
  if (!reader) return;
  throw new HoldfastError(
    'LOCK_HELD',
    `Backup ${backup} of ${snapshot.target} is being read by ${reader.workflowId} (${reader.operation}), whose lease ` +
      `lasts until ${reader.until}.`,
  );
}

/** A manifest that cannot be read might name it, so nothing is deleted then. */
async function refuseWhileNeeded(
  store: Store,
  { snapshot, backup }: DeleteJob,
  signal: AbortSignal,
): Promise<void> {
  const { target } = snapshot;
  const folder = backupFolder(target, backup);
  for (const id of await store.folders(targetFolder(target), { signal })) {
    if (!BACKUP_ID.test(id) || id === backup) continue;
    if (!(await isCommitted(store, target, id, signal))) continue;
    const manifest = await readManifest(store, target, id, signal);
    const rests = manifest.delegated?.bases.some((base) => base.backup === backup) ?? false;
    if (!rests && !(await namesObjectsIn(store, manifest, folder, signal))) continue;
    throw new HoldfastError(
      'BACKUP_NEEDED',
      `Backup ${backup} of ${target} is not deleted: backup ${id} rests on it.`,
    );
  }
}
