import { CancellationScope } from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { ReadJob } from './contract/activities.ts';
import type { Operation } from './contract/names.ts';

/** Does the work while a lease in the store tells that this backup is being read. Long activities renew it. */
export async function leasing<T>(
  job: ReadJob,
  operation: Operation,
  work: () => Promise<T>,
): Promise<T> {
  const ask = (summary: string) => activities('ask', summary, job.snapshot);
  try {
    await ask(`lease of ${job.backup}`).lease({ job, operation });
    return await work();
  } finally {
    await CancellationScope.nonCancellable(() => ask('release the lease').releaseLease({ job }));
  }
}
