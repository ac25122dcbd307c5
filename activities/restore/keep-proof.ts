import type { RestoreJob, RestoreTotals } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { recordProof } from '../catalog/proofs.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/** The store may be gone for so long before the restore ends without its proof. */
const ATTEMPTS = 10;

/** What has come back stays, also when the store takes no proof of it: failing now would only undo it. */
export async function keepProof(
  at: Attempt,
  store: Store,
  { snapshot, backup, run, destination }: RestoreJob,
  { identical, equivalent }: RestoreTotals,
  { restored }: { restored: string[] },
  /** Delegated: where what it read had been. */
  from?: string,
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
    ...(from === undefined ? {} : { from }),
    identical,
    equivalent,
  };
  try {
    await recordProof(store, snapshot.target, backup, proof, at.signal);
    return [];
  } catch (error) {
    const attempts = Math.min(ATTEMPTS, destination.timeouts.attempts);
    const final = error instanceof HoldfastError && (!error.retryable || at.number >= attempts);
    if (!final) throw error;
    const message = `The restore is done, and its proof could not be kept beside the backup: ${error.message}`;
    return [{ code: 'PROOF_NOT_KEPT', message }];
  }
}
