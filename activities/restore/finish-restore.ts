import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withDestination, withStore } from '../workspace.ts';
import { keepProof } from './keep-proof.ts';
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
        const warnings = [
          ...finished.warnings,
          ...(await keepProof(at, store, job, totals, finished)),
        ];
        return { restored: finished.restored, warnings };
      }),
    );
}
