import { CancellationScope, patched } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import { conduct } from './conduct.ts';
import type { DeleteJob } from './contract/activities.ts';
import type { DeleteReport, DeleteRequest, Skipped } from './contract/operations.ts';
import { verdict } from './failure.ts';
import { heedCancel } from './heed-cancel.ts';
import { holding } from './holding.ts';
import type { Run } from './run.ts';

/**
 * Deletes one backup: everything that the product wrote for it, then its folder in the store. It holds the lock of the
 * target, so that no backup begins to rest on it meanwhile. Once it has begun, it goes on to the end, unless the product
 * refuses before anything was removed; a deletion that failed half-way is no backup any more, and another one goes on with it.
 */
export async function deleteBackup(input: DeleteRequest): Promise<DeleteReport | Skipped> {
  return conduct('delete', async (run) => {
    const asked = await activities('ask', 'read the configuration').resolveDelete({ input });
    run.consider(asked);
    const job = await activities('ask', 'find the backup', asked.snapshot).findDeleteBackup(asked);
    run.adopt(job);
    return holding(run, job.snapshot, () => remove(run, job));
  });
}

async function remove(run: Run, job: DeleteJob): Promise<Omit<DeleteReport, 'warnings'>> {
  const { backup, snapshot, product } = job;
  run.enter('looking who needs it');
  await condemn(run, job);

  return CancellationScope.nonCancellable(async () => {
    const move = (summary: string) => activities('move', summary, snapshot);
    if (product !== undefined) {
      run.enter('removing what the database wrote', false);
      await move(`${product}, by the product`).removeProductBackup(job);
    }
    run.enter('removing the backup', false);
    const removed = await move(`${backup} in ${snapshot.store.name}`).removeBackup(job);
    return {
      backup,
      target: snapshot.target,
      store: snapshot.store.name,
      ...(product === undefined ? {} : { product }),
      ...removed,
      durationMs: run.elapsedMs,
    };
  });
}

/** As many backups as there are, each may need it: reading about all of them has no time of its own. */
async function condemn(run: Run, job: DeleteJob): Promise<void> {
  const { backup, snapshot } = job;
  try {
    await activities('move', `leases and needs of ${backup}`, snapshot).condemnBackup(job);
    heedCancel();
  } catch (error) {
    // An attempt that was cut off could not take back what it had said, and nothing lists the backup then.
    if (patched('delete-taken-back')) await spare(run, job);
    throw error;
  }
}

/** What stands in the way of it must not hide why the deletion failed. */
async function spare(run: Run, job: DeleteJob): Promise<void> {
  const { backup, snapshot } = job;
  const clean = activities('clean', `${backup} stays`, snapshot);
  try {
    await CancellationScope.nonCancellable(() => clean.spareBackup(job));
  } catch (error) {
    const { message } = verdict(error);
    run.warn({
      code: 'LEFTOVERS',
      message: run.wasReset
        ? `What says that backup ${backup} is being deleted was not taken back, since this run was reset in Temporal. Delete it again.`
        : `Nothing of backup ${backup} was removed, and what says that it is being deleted could not be taken back: ` +
          `${message} Delete it again, or remove deleting.json from its folder in ${snapshot.store.name}.`,
      subject: backup,
    });
  }
}
