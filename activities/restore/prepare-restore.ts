import type { Activities, RestoreJob } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { keepingLease } from '../lease.ts';
import type { BackupReader, PlannedRestore } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { withDestination, withStore } from '../workspace.ts';
import { backupReader } from './backup-reader.ts';
import { lookAndPlan } from './plan-restore.ts';
import { hasBegun, noteBegin, readRestorePlan, readState, writeState } from './restore-in-store.ts';

export function prepareRestore(deps: Dependencies): Activities['prepareRestore'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        if (await readState(store, job, at.signal)) return;
        const plan = await readRestorePlan(store, job, at.signal);
        const backup = await backupReader(store, job, at.signal);
        await keepingLease(store, job, 'restore', at.signal, async () => {
          await beginOnce(at, store, job, plan, backup);
          const state = await withDestination(at, job, (session) =>
            session.restore.prepare(plan, backup),
          );
          await writeState(store, job, state, at.signal);
        });
      }),
    );
}

/**
 * The plan was made before the lock was held: what it took for unused may have come into use since, by another restore
 * for instance, and nobody has confirmed that it may go. Looked at once only, since from here on we change it ourselves.
 * @throws DESTINATION_CHANGED, and what stands in the way of a plan
 */
async function beginOnce(
  at: Attempt,
  store: Store,
  job: RestoreJob,
  plan: PlannedRestore,
  backup: BackupReader,
): Promise<void> {
  if (plan.summary.destructive || (await hasBegun(store, job, at.signal))) return;
  const { summary } = await lookAndPlan(at, job, backup);
  if (summary.destructive) {
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `${job.destination.target} was unused when this restore was planned, and is in use now; nothing was changed.`,
    );
  }
  await noteBegin(store, job, at.signal);
}
