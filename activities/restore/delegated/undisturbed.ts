import type { RestoreJob } from '../../../workflows/contract/activities.ts';
import type { Attempt } from '../../attempt.ts';
import type { Manifest } from '../../catalog/manifest.ts';
import type { Dependencies } from '../../dependencies.ts';
import { HoldfastError } from '../../failure.ts';
import { holderOf, untilFree } from '../../locks.ts';
import { objectsLock } from './objects-lock.ts';

/**
 * Looks at a storage while no other restore has put objects there for a while: they would be taken for the product's own,
 * and be gone when this restore begins. Waits for the other as long as for a lock.
 * @throws LOCK_HELD
 */
export async function undisturbed<T>(
  deps: Dependencies,
  at: Attempt,
  { destination, request, backup }: RestoreJob,
  manifest: Manifest,
  look: () => Promise<T>,
): Promise<T> {
  const lock = objectsLock(manifest, destination);
  // What would be done is told at once; it changes nothing.
  if (lock === undefined || request.dryRun) return look();
  const { heartbeat: heartbeatMs, lockWait: waitMs } = destination.timeouts;
  for (;;) {
    const { holder } = await untilFree(deps, at, { lock, heartbeatMs, waitMs }, (other) => {
      at.figures.lastError =
        `Waiting for ${other.workflowId}, which restores backup ${backup}, or one of its chain, out of the same ` +
        `storage as ${destination.target} reads.`;
    });
    delete at.figures.lastError;
    if (holder) {
      throw new HoldfastError(
        'LOCK_HELD',
        `The lock ${lock} is held by ${holder.workflowId} (${holder.operation}, since ${holder.since}), which restores ` +
          `backup ${backup}, or one of its chain, out of the same storage as ${destination.target} reads.`,
      );
    }
    const seen = await look();
    if (!(await holderOf(deps.client, lock))) return seen;
  }
}
