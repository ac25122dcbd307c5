import type { Activities } from '../../../workflows/contract/activities.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import type { Timeouts } from '../../../workflows/contract/snapshot.ts';
import { attempt, type Attempt } from '../../attempt/attempt.ts';
import type { Dependencies } from '../../dependencies.ts';
import { HoldfastError } from '../../failure.ts';
import type { Store } from '../../stores/store.ts';
import { withDelegatedDestination, withStore } from '../../workspace.ts';
import { keepProof } from '../keep-proof.ts';
import { readRestorePlan, readState } from '../restore-in-store.ts';
import { plannedJob, stagingOf } from './plan-delegated.ts';
import type { Staging } from './plan-staging.ts';
import { unstage } from './unstage.ts';

export function finishRestoreJob(deps: Dependencies): Activities['finishRestoreJob'] {
  return ({ job, totals }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const plan = await readRestorePlan(store, job, at.signal);
        const state = (await readState(store, job, at.signal)) ?? {};
        return withDelegatedDestination(deps, at, job, async ({ restore }, storage) => {
          const finished = await restore.finish(plannedJob(plan), state);
          // The word of the server alone proves nothing of the backup.
          const compared = totals.identical + totals.equivalent > 0;
          const staging = stagingOf(plan);
          const kept = compared
            ? await keepProof(at, store, job, totals, finished, staging.from)
            : [];
          const left = await clearAway(at, storage, staging, job.destination.timeouts);
          return {
            restored: finished.restored,
            warnings: [...finished.warnings, ...kept, ...left],
          };
        });
      }),
    );
}

/** What a fault that passes keeps from being cleared away is tried again as often, by further attempts. */
const CLEARING_ATTEMPTS = 10;

/** The restore is done and proven: what could not be cleared away is no reason to undo it. */
async function clearAway(
  at: Attempt,
  storage: Store,
  staging: Staging,
  { attempts }: Timeouts,
): Promise<Warning[]> {
  try {
    await unstage(storage, staging, at.signal);
    return [];
  } catch (error) {
    const known = error instanceof HoldfastError;
    const passing = known && error.retryable && at.number < Math.min(CLEARING_ATTEMPTS, attempts);
    if (!known || passing || at.signal.aborted) throw error;
    return [
      {
        code: 'LEFTOVERS',
        message:
          `What was put back for the database stays in ${storage.place}, below ${staging.ours.join(', ')}, and ` +
          `\`holdfast doctor --remove-leftovers\` removes it; now it could not be removed: ${error.message}`,
      },
    ];
  }
}
