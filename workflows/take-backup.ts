import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { BackupJob } from './contract/activities.ts';
import type { BackupReport } from './contract/operations.ts';
import type { Warning } from './contract/progress.ts';
import { verdict } from './failure.ts';
import { eachPage } from './pages.ts';
import type { Run } from './run.ts';

/** One backup of a target whose lock is held: by the workflow `backup`, or as the safety backup before a restore. */
export async function takeBackup(run: Run, job: BackupJob): Promise<BackupReport> {
  const { snapshot } = job;
  const ask = (summary: string) => activities('ask', summary, snapshot);
  const move = (summary: string, id?: string) => activities('move', summary, snapshot, id);
  try {
    run.enter('preflight', 'until commit');
    const preflight = await ask(`preflight of ${snapshot.target}`).preflight({
      snapshot,
      purpose: 'backup',
    });
    run.warn(...preflight.warnings);
    await ask('claim the place in the store').openBackup(job);

    run.enter('capturing metadata');
    const plan = await move('metadata and plan').captureBackup(job);
    run.warn(...plan.warnings);

    run.expect(plan, plan.stored);
    run.enter('streaming');
    await eachPage(plan.pages, async (page, range, id) => {
      run.add(
        await move(`artifacts ${range} of ${plan.artifacts}`, id).transferPage({ job, page }),
        id,
      );
    });

    run.enter('committing', false);
    return await CancellationScope.nonCancellable(async () => {
      const report = await move('check everything, then commit').commitBackup({ job, preflight });
      await ask('remove plan and receipts').tidyBackup(job);
      return report;
    });
  } catch (error) {
    const committed = await discard(run, job);
    if (!committed) throw error;
    return { ...committed, warnings: [...committed.warnings, ...afterCommit(error)] };
  }
}

/** A store that refuses to delete must not hide why the backup failed. */
async function discard(run: Run, job: BackupJob): Promise<BackupReport | null> {
  run.enter('removing what was not committed', false);
  try {
    return await CancellationScope.nonCancellable(async () => {
      const { committed } = await activities(
        'clean',
        'remove what was not committed',
        job.snapshot,
      ).discardBackup(job);
      return committed;
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
  if (isCancellation(error)) return [];
  const { message } = verdict(error);
  return [
    {
      code: 'FAILED_AFTER_COMMIT',
      message: `The backup is committed and complete, but the run failed after it: ${message}`,
    },
  ];
}
