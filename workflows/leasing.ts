import { CancellationScope } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { ReadJob } from './contract/activities.ts';
import type { Operation } from './contract/names.ts';
import { verdict } from './failure.ts';
import type { Run } from './run.ts';

/** Does the work while a lease in the store tells that this backup is being read. Long activities renew it. */
export async function leasing<T>(
  run: Run,
  job: ReadJob,
  operation: Operation,
  work: () => Promise<T>,
): Promise<T> {
  const ask = (summary: string) => activities('ask', summary, job.snapshot);
  try {
    await ask(`lease of ${job.backup}`).lease({ job, operation });
    return await work();
  } finally {
    await CancellationScope.nonCancellable(() => release(run, job));
  }
}

/** A lease lapses by itself: a store that does not let go of it must not hide how the work went. */
async function release(run: Run, job: ReadJob): Promise<void> {
  try {
    await activities('clean', 'release the lease', job.snapshot).releaseLease({
      job,
      ...(run.keepsWork ? { keepWork: true } : {}),
    });
  } catch (error) {
    run.warn({
      code: 'LEFTOVERS',
      message: `What this run kept beside backup ${job.backup} could not be removed: ${verdict(error).message}`,
    });
  }
}
