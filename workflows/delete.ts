import { CancellationScope } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import { conduct } from './conduct.ts';
import type { DeleteJob } from './contract/activities.ts';
import type { DeleteReport, DeleteRequest, Skipped } from './contract/operations.ts';
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

async function remove(run: Run, job: DeleteJob): Promise<DeleteReport> {
  const { backup, snapshot, product } = job;
  run.enter('looking who needs it');
  await activities('ask', `leases and needs of ${backup}`, snapshot).condemnBackup(job);

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
      warnings: run.warnings,
    };
  });
}
