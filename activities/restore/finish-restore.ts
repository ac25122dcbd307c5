import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { recordProof } from '../catalog/proofs.ts';
import type { Dependencies } from '../dependencies.ts';
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
        await recordProof(
          store,
          job.snapshot.target,
          job.backup,
          {
            time: new Date().toISOString(),
            operation: 'restore',
            ok: true,
            runId: job.run.runId,
            workflowId: job.run.workflowId,
            into: job.destination.target,
            restored: finished.restored,
            identical: totals.identical,
            equivalent: totals.equivalent,
          },
          at.signal,
        );
        return finished;
      }),
    );
}
