import type { RestoreJob } from '../../workflows/contract/activities.ts';
import { runSuffix } from '../../workflows/contract/names.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import type { PlannedRestore } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { withDestination } from '../workspace.ts';
import type { RestoreReader } from './backup-reader.ts';
import { planDelegated } from './delegated/plan-delegated.ts';

/** What the restore would do as the destination is now. `earlier` is the plan that is looked at again. */
export function lookAndPlan(
  deps: Dependencies,
  at: Attempt,
  job: RestoreJob,
  store: Store,
  backup: RestoreReader,
  earlier?: PlannedRestore,
): Promise<PlannedRestore> {
  if (job.destination.kind === 'delegated') {
    return planDelegated(deps, at, job, store, backup, earlier);
  }
  return withDestination(at, job, (session) =>
    session.restore.plan({
      backup,
      restore: job.request,
      destination: job.destination.target,
      run: runSuffix(job.run.runId, 8),
    }),
  );
}
