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
import { withStore } from '../workspace.ts';

/** Whoever reads a backup writes a lease and looks for `deleting.json` then; here it is the other way round. */
export function condemnBackup(deps: Dependencies): Activities['condemnBackup'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const key = backupFolder(job.snapshot.target, job.backup) + DELETING;
        await refuseWhileRead(store, job, at.signal);
        await refuseWhileNeeded(store, job, at.signal);
        const sentence = toJson({ ...job.run, since: new Date().toISOString() });
        const fresh = await putOnce(store, key, sentence, at.signal);
        try {
          await refuseWhileRead(store, job, at.signal);
          // A backup that was about to name its objects held a lease until its manifest was there.
          await refuseWhileNeeded(store, job, at.signal);
        } catch (error) {
          // One that was there before may have lost objects already: it is never a backup again.
          if (fresh) await store.remove([key], { signal: at.signal });
          throw error;
        }
      }),
    );
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
