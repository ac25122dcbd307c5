import type { ReadJob } from '../../workflows/contract/activities.ts';
import type { Operation } from '../../workflows/contract/names.ts';
import type { Store } from '../stores/store.ts';
import { byOwner } from './damage.ts';
import { recordProof } from './proofs.ts';

/**
 * Keeps the proof of a backup, and a failed one beside each earlier backup that owns what was found damaged: other backups
 * name it too, and the next one would.
 * @param keys what was found damaged or missing
 * @param details of the proof of the backup itself
 */
export async function recordFound(
  store: Store,
  { snapshot: { target }, backup, run, startedAt }: ReadJob,
  { operation, depth }: { operation: Operation; depth: string },
  keys: Iterable<string>,
  details: { ok: boolean; [detail: string]: unknown },
  signal: AbortSignal,
): Promise<void> {
  const { runId, workflowId } = run;
  const time = new Date().toISOString();
  const found = { time, operation, depth, runId, workflowId, began: startedAt };
  const owners = byOwner(target, keys);
  for (const [owner, damaged] of owners) {
    if (owner === backup) continue;
    const proof = { ...found, ok: false, verified: backup, damaged };
    await recordProof(store, target, owner, proof, signal);
  }
  const proof = { ...found, ...details, damaged: owners.get(backup) ?? [] };
  await recordProof(store, target, backup, proof, signal);
}
