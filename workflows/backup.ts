import { activities } from './activity-options.ts';
import { conduct, scheduled } from './conduct.ts';
import type { BackupReport, BackupRequest, Skipped } from './contract/operations.ts';
import { holding } from './holding.ts';
import { lateCancel } from './late-cancel.ts';
import { takeBackup } from './take-backup.ts';

/**
 * Backs up one target: takes its lock, looks whether all is well, captures the metadata, streams the rest in
 * parallel, checks that everything planned is there and whole, and commits once. A cancel before the commit removes
 * everything; after it, the backup stays and the report says so.
 */
export async function backup(input: BackupRequest): Promise<BackupReport | Skipped> {
  return conduct('backup', async (run) => {
    const scheduledAt = scheduled();
    const job = await activities('ask', 'read the configuration').resolveBackup({
      input,
      ...(scheduledAt ? { scheduledAt } : {}),
    });
    run.adopt(job);
    const report = await holding(run, job.snapshot, () => takeBackup(run, job));
    run.awaitCopy(report.sameFailureDomain?.copy);
    run.warn(...report.warnings, ...lateCancel('CANCELLED_AFTER_COMMIT'));
    return { ...report, durationMs: run.elapsedMs };
  });
}
