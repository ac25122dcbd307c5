import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { recordProof } from '../catalog/proofs.ts';
import type { Dependencies } from '../dependencies.ts';
import { withStore } from '../workspace.ts';

export function recordVerification(deps: Dependencies): Activities['recordVerification'] {
  return ({ job, totals }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, (store) =>
        recordProof(
          store,
          job.snapshot.target,
          job.backup,
          {
            time: new Date().toISOString(),
            operation: 'verify',
            depth: job.depth,
            ok: totals.findingsCount === 0,
            runId: job.run.runId,
            workflowId: job.run.workflowId,
            ...totals,
          },
          at.signal,
        ),
      ),
    );
}
