import type { BackupJob } from '../../workflows/contract/activities.ts';
import type { Store } from '../stores/store.ts';
import { readIfThere } from './json.ts';
import { backupFolder, RUN } from './layout.ts';

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
