import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { recordProof } from '../catalog/proofs.ts';
import type { Dependencies } from '../dependencies.ts';
import { withStore } from '../workspace.ts';
import { damagedByOwner } from './damaged-objects.ts';

/**
 * Keeps the proof beside the backup, and a failed one beside each earlier backup that owns what was found damaged: other
 * backups name it too, and the next one would.
 */
export function recordVerification(deps: Dependencies): Activities['recordVerification'] {
  return ({ job, totals }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { snapshot, backup, depth, run } = job;
        const { runId, workflowId } = run;
        const owners = await damagedByOwner(store, job, at.signal);
        const damaged = owners.get(backup) ?? [];
        owners.delete(backup);
        const found = {
          time: new Date().toISOString(),
          operation: 'verify' as const,
          depth,
          runId,
          workflowId,
        };
        for (const [owner, paths] of owners) {
          const proof = { ...found, ok: false, verified: backup, damaged: paths };
          await recordProof(store, snapshot.target, owner, proof, at.signal);
        }
        const proof = { ...found, ok: totals.findingsCount === 0, ...totals, damaged };
        await recordProof(store, snapshot.target, backup, proof, at.signal);
      }),
    );
}
