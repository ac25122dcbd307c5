import { activities } from './activity-options.ts';
import { applyRestore, type Applied } from './apply-restore.ts';
import { conduct } from './conduct.ts';
import type { RestoreReport, RestoreRequest, Skipped } from './contract/operations.ts';
import { holding } from './holding.ts';
import { lateCancel } from './late-cancel.ts';
import { leasing } from './leasing.ts';

/** What a plan alone comes to. */
const NOTHING: Applied = { restored: [], proof: { identical: 0, equivalent: 0 }, bytes: 0 };

/**
 * Restores one backup: finds it, plans what will be created, replaced and left, takes the lock of the destination,
 * backs the destination up first when something would be lost, applies, and proves every artifact by reading it
 * back. A cancel or failure removes what was created, or gives it a name that nobody takes for good.
 */
export async function restore(input: RestoreRequest): Promise<RestoreReport | Skipped> {
  return conduct('restore', async (run) => {
    const asked = await activities('ask', 'read the configuration').resolveRestore({ input });
    run.consider(asked);
    const job = await activities('ask', 'find the backup', asked.snapshot).findRestoreBackup(asked);
    run.adopt(job);
    return leasing(run, job, 'restore', async () => {
      run.enter('planning');
      const { plan, pages } = await activities(
        'move',
        `plan ${job.backup} into ${job.destination.target}`,
        job.destination,
      ).planRestore(job);
      run.warn(...plan.warnings);
      const dryRun = input.dryRun === true;
      const applied = dryRun
        ? NOTHING
        : await holding(run, job.destination, () => applyRestore(run, job, plan, pages));
      run.warn(...lateCancel('CANCELLED_AFTER_RESTORE'));
      return { dryRun, plan, ...applied, durationMs: run.elapsedMs };
    });
  });
}
