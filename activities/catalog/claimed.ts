import type { BackupJob, ReadJob } from '../../workflows/contract/activities.ts';
import type { Operation } from '../../workflows/contract/names.ts';
import type { Store } from '../stores/store.ts';
import { putOnce, readIfThere, toJson } from './json.ts';
import { backupFolder, RUN, workFolderOf } from './layout.ts';

/** Whether another run has claimed the folder of this backup: then nothing that it tells of is ours. */
export async function isAnothers(
  store: Store,
  { snapshot, backup, run }: BackupJob,
  signal: AbortSignal,
): Promise<boolean> {
  const key = backupFolder(snapshot.target, backup) + RUN;
  const claim = (await readIfThere(store, key, signal)) as { runId?: unknown } | undefined;
  return claim !== undefined && claim.runId !== run.runId;
}

/** Says whose the work is that a run keeps beside the backup which it reads: nobody else may remove it. */
export async function claimWork(
  store: Store,
  { snapshot, backup, run, startedAt }: ReadJob,
  operation: Operation,
  signal: AbortSignal,
): Promise<void> {
  const key = `${workFolderOf(snapshot.target, backup, run.runId)}run.json`;
  await putOnce(store, key, toJson({ ...run, startedAt, operation }), signal);
}
