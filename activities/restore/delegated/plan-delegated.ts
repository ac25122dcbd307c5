import type { RestoreJob } from '../../../workflows/contract/activities.ts';
import { runSuffix } from '../../../workflows/contract/names.ts';
import type { Attempt } from '../../attempt/attempt.ts';
import type { Dependencies } from '../../dependencies.ts';
import type { PlannedJob } from '../../products/delegated.ts';
import type { PlannedRestore } from '../../products/product.ts';
import type { Store } from '../../stores/store.ts';
import { withDelegatedDestination } from '../../workspace.ts';
import type { RestoreReader } from '../backup-reader.ts';
import { checkCopy } from './check-copy.ts';
import { delegatedBackup } from './delegated-backup.ts';
import { planStaging, type Staging } from './plan-staging.ts';

/** What the plan of a delegated restore keeps beside its steps, which are the objects to put back. */
interface DelegatedDetail extends Record<string, unknown> {
  job: Omit<PlannedJob, 'summary'>;
  staging: Staging;
}

/** What the restore would do as the destination is now: by the product, and before it by us. */
export async function planDelegated(
  deps: Dependencies,
  at: Attempt,
  job: RestoreJob,
  store: Store,
  reader: RestoreReader,
  earlier?: PlannedRestore,
): Promise<PlannedRestore> {
  const backup = delegatedBackup(store, job, reader, at.signal);
  return withDelegatedDestination(deps, at, job, async (session, storage) => {
    const { summary, ...planned } = await session.restore.plan({
      backup,
      restore: job.request,
      destination: job.destination.target,
      run: runSuffix(job.run.runId, 8),
      earlier: earlier && plannedJob(earlier).detail,
    });
    const { steps, staging } = await planStaging(deps, at, {
      job,
      store,
      storage,
      backup,
      prefixes: planned.prefixes,
      session,
    });
    await checkCopy(store, reader, steps, at.signal);
    const detail: DelegatedDetail = { job: planned, staging };
    return {
      summary: { ...summary, warnings: [...summary.warnings, ...staging.warnings] },
      steps,
      detail,
    };
  });
}

export function plannedJob({ summary, detail }: PlannedRestore): PlannedJob {
  return { summary, ...(detail as DelegatedDetail).job };
}

export function stagingOf({ detail }: PlannedRestore): Staging {
  return (detail as DelegatedDetail).staging;
}
