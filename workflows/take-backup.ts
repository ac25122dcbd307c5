import { CancellationScope } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { BackupJob } from './contract/activities.ts';
import type { BackupReport } from './contract/operations.ts';
import type { Warning } from './contract/progress.ts';
import { beginCopy } from './begin-copy.ts';
import { delegate } from './delegate.ts';
import { isCancelled, verdict } from './failure.ts';
import { heedCancel } from './heed-cancel.ts';
import type { Run } from './run.ts';
import { stream } from './stream.ts';

/** One backup of a target whose lock is held: by the workflow `backup`, or as the safety backup before a restore. */
export async function takeBackup(run: Run, job: BackupJob): Promise<BackupReport> {
  const { snapshot } = job;
  const before = run.warnings.length;
  const ask = (summary: string) => activities('ask', summary, snapshot);
  try {
    run.enter('preflight', 'until commit');
    const preflight = await ask(`preflight of ${snapshot.target}`).preflight({
      snapshot,
      purpose: 'backup',
      source: job.source,
    });
    run.warn(...preflight.warnings);
    await ask('claim the place in the store').openBackup(job);

    if (snapshot.kind === 'delegated') await delegate(run, job, preflight);
    else await stream(run, job);

    heedCancel();
    run.enter('committing', false);
    return await CancellationScope.nonCancellable(async () => {
      const report = await activities(
        'move',
        'check everything, then commit',
        snapshot,
      ).commitBackup({ job, preflight });
      const untidy = await tidy(job);
      await beginCopy(report);
      return warned(report, run.warnings.slice(before), untidy);
    });
  } catch (error) {
    const committed = await discard(run, job);
    if (!committed) throw error;
    await CancellationScope.nonCancellable(() => beginCopy(committed));
    return warned(committed, run.warnings.slice(before), afterCommit(error));
  }
}

/** What cannot be tidied up must not keep the copy from being begun, without which the bytes lie in one place. */
async function tidy(job: BackupJob): Promise<Warning[]> {
  try {
    await activities('clean', 'remove plan and receipts', job.snapshot).tidyBackup(job);
    return [];
  } catch (error) {
    return afterCommit(error);
  }
}

/** Who reads the report alone learns of all that the page and the webhooks tell. */
function warned(report: BackupReport, told: Warning[], further: Warning[]): BackupReport {
  return { ...report, warnings: [...report.warnings, ...told, ...further] };
}

/** A store or a product that refuses to delete must not hide why the backup failed. */
async function discard(run: Run, job: BackupJob): Promise<BackupReport | null> {
  run.enter('removing what was not committed', false);
  const clean = (summary: string) => activities('clean', summary, job.snapshot);
  try {
    return await CancellationScope.nonCancellable(async () => {
      let begun: boolean | undefined;
      if (job.snapshot.kind === 'delegated') {
        const stopped = await clean('stop the job of the product').stopBackupJobs(job);
        run.warn(...stopped.warnings);
        ({ begun } = stopped);
      }
      const left = begun ? { ...job, begun } : job;
      const discarded = await clean('remove what was not committed').discardBackup(left);
      run.warn(...(discarded.warnings ?? []));
      return discarded.committed;
    });
  } catch (error) {
    const { message } = verdict(error);
    run.warn({
      code: 'LEFTOVERS',
      message: `What was not committed could not be removed: ${message}`,
    });
    return null;
  }
}

/** After the commit nothing can fail the backup; the report says what went wrong around it. */
function afterCommit(error: unknown): Warning[] {
  if (isCancelled(error)) return [];
  const { message } = verdict(error);
  return [
    {
      code: 'FAILED_AFTER_COMMIT',
      message: `The backup is committed and complete, but the run failed after it: ${message}`,
    },
  ];
}
