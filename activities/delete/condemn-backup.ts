import { Context } from '@temporalio/activity';
import type { Activities, DeleteJob } from '../../workflows/contract/activities.ts';
import { BACKUP_ID } from '../../workflows/contract/names.ts';
import { attempt, type Attempt } from '../attempt.ts';
import { putOnce, readIfThere, toJson } from '../catalog/json.ts';
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
        const look = async () => {
          await refuseWhileRead(store, job, at.signal);
          await refuseWhileNeeded(store, job, at.signal);
        };
        try {
          await look();
          const sentence = toJson({ ...job.run, since: new Date().toISOString() });
          await putOnce(store, key, sentence, at.signal);
          // A backup that was about to name its objects held a lease until its manifest was there.
          await look();
        } catch (error) {
          await takeBack(store, key, job, at);
          throw error;
        }
      }),
    );
}

/** A cancel has ended the signal of the attempt by then. */
const TAKING_BACK_MS = 10_000;

/** Whichever attempt of this run wrote it. Another run's may have cost objects already: that is never a backup again. */
async function takeBack(store: Store, key: string, { run }: DeleteJob, at: Attempt): Promise<void> {
  // An attempt that was given up must not undo what the one after it builds on.
  if (at.signal.aborted && !Context.current().cancellationDetails?.cancelRequested) return;
  const signal = AbortSignal.timeout(TAKING_BACK_MS);
  const sentence = (await readIfThere(store, key, signal)) as { runId?: unknown } | undefined;
  if (sentence?.runId === run.runId) await store.remove([key], { signal });
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
