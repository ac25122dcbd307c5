import type { LockState, RestoreJob } from '../../../workflows/contract/activities.ts';
import type { Attempt } from '../../attempt/attempt.ts';
import { readIfThere } from '../../catalog/json.ts';
import { workFolderOf } from '../../catalog/layout.ts';
import type { Manifest } from '../../catalog/manifest.ts';
import type { Dependencies } from '../../dependencies.ts';
import { HoldfastError } from '../../failure.ts';
import { holderOf, newestRunOf, untilFree } from '../../locks/locks.ts';
import type { PlannedRestore } from '../../products/product.ts';
import type { Store } from '../../stores/store.ts';
import { objectsLock } from './objects-lock.ts';
import { stagingOf } from './plan-delegated.ts';

type Holder = NonNullable<LockState['holder']>;

/**
 * Looks at a storage while no other restore has put objects there for a while: they would be taken for the product's own,
 * and be gone when this restore begins. Waits for the other as long as for a lock.
 * @throws LOCK_HELD
 */
export async function undisturbed<T>(
  deps: Dependencies,
  at: Attempt,
  store: Store,
  job: RestoreJob,
  manifest: Manifest,
  look: () => Promise<T>,
): Promise<T> {
  const { destination, request, backup } = job;
  const lock = objectsLock(manifest, destination);
  // What would be done is told at once; it changes nothing.
  if (lock === undefined || request.dryRun) return look();
  const about = `restores backup ${backup}, or one of its chain, out of the storage of ${destination.target}`;
  const { heartbeat: heartbeatMs, lockWait: waitMs } = destination.timeouts;
  for (;;) {
    const seen = await look();
    const met = await holderOf(deps.client, lock);
    if (!met || (await putsNothingBack(deps, at, store, job, met))) return seen;
    const { holder } = await untilFree(deps, at, { lock, heartbeatMs, waitMs }, (other) => {
      at.figures.lastError = `Waiting for ${other.workflowId}, which ${about}.`;
    });
    delete at.figures.lastError;
    if (holder) {
      throw new HoldfastError(
        'LOCK_HELD',
        `The lock ${lock} is held by ${holder.workflowId} (${holder.operation}, since ${holder.since}), which ${about}.`,
      );
    }
  }
}

/** Whether another restore, as far as its plan can be found, takes everything where it lies. */
async function putsNothingBack(
  { client }: Dependencies,
  { signal }: Attempt,
  store: Store,
  { snapshot, backup }: RestoreJob,
  { workflowId }: Holder,
): Promise<boolean> {
  const runId = await newestRunOf(client, workflowId);
  if (runId === undefined) return false;
  const key = `${workFolderOf(snapshot.target, backup, runId)}plan.json`;
  const plan = (await readIfThere(store, key, signal)) as PlannedRestore | undefined;
  return plan !== undefined && stagingOf(plan).ours.length === 0;
}
