import type { RestoreJob } from '../../workflows/contract/activities.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { PlannedRestore } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import type { RestoreReader } from './backup-reader.ts';
import { lookAndPlan } from './look-and-plan.ts';
import { begunAt, noteBegin } from './restore-in-store.ts';

/**
 * The plan was made before the lock was held: what it took for unused may have come into use since, by another restore
 * for instance, and nobody has confirmed that it may go. Looked at once only, since from here on we change it ourselves.
 * @returns when this restore may first have changed something
 * @throws DESTINATION_CHANGED, and what stands in the way of a plan
 */
export async function beginOnce(
  deps: Dependencies,
  at: Attempt,
  store: Store,
  job: RestoreJob,
  plan: PlannedRestore,
  backup: RestoreReader,
): Promise<Date> {
  const begun = await begunAt(store, job, at.signal);
  if (begun) return begun;
  if (!plan.summary.destructive) {
    const { summary } = await lookAndPlan(deps, at, job, store, backup, plan);
    if (summary.destructive) {
      throw new HoldfastError(
        'DESTINATION_CHANGED',
        `${job.destination.target} was unused when this restore was planned, and is in use now; nothing was changed.`,
      );
    }
  }
  return noteBegin(store, job, at.signal);
}
