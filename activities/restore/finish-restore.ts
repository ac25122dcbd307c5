import type { Activities, RestoreJob, RestoreTotals } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { attempt, type Attempt } from '../attempt.ts';
import { recordProof } from '../catalog/proofs.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { withDestination, withStore } from '../workspace.ts';
import { readRestorePlan, readState } from './restore-in-store.ts';

export function finishRestore(deps: Dependencies): Activities['finishRestore'] {
  return ({ job, totals }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const plan = await readRestorePlan(store, job, at.signal);
        const state = (await readState(store, job, at.signal)) ?? {};
        const finished = await withDestination(at, job, (session) =>
          session.restore.finish(plan, state),
        );
        const warnings = [...finished.warnings, ...(await prove(at, store, job, totals, finished))];
        return { restored: finished.restored, warnings };
      }),
    );
}

/** The store may be gone for so long before the restore ends without its proof. */
const ATTEMPTS = 10;

/** What has come back stays, also when the store takes no proof of it: failing now would only undo it. */
async function prove(
  at: Attempt,
  store: Store,
  { snapshot, backup, run, destination }: RestoreJob,
  { identical, equivalent }: RestoreTotals,
  { restored }: { restored: string[] },
): Promise<Warning[]> {
  const { runId, workflowId } = run;
  const proof = {
    time: new Date().toISOString(),
    operation: 'restore' as const,
    ok: true,
    runId,
    workflowId,
    into: destination.target,
    restored,
    identical,
    equivalent,
  };
  try {
    await recordProof(store, snapshot.target, backup, proof, at.signal);
    return [];
  } catch (error) {
    const final = error instanceof HoldfastError && (!error.retryable || at.number >= ATTEMPTS);
    if (!final) throw error;
    const message = `The restore is done, and its proof could not be kept beside the backup: ${error.message}`;
    return [{ code: 'PROOF_NOT_KEPT', message }];
  }
}
