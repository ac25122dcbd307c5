import type { Activities, DeleteJob } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { putOnce, toJson } from '../catalog/json.ts';
import { backupFolder, DELETING, WORK } from '../catalog/layout.ts';
import { hasLapsed, livingLeases } from '../catalog/leases.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { isUnderWay } from '../locks/orphaned-lock.ts';
import type { DelegatedSession } from '../products/delegated.ts';
import type { Store } from '../stores/store.ts';
import { withDelegated, withStore } from '../workspace.ts';
import { Needs } from './needs.ts';
import { takeBack } from './take-back.ts';
import { tryRemoving } from './try-removing.ts';

/** Whoever reads a backup writes a lease and looks for `deleting.json` then; here it is the other way round. */
export function condemnBackup(deps: Dependencies): Activities['condemnBackup'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const folder = backupFolder(job.snapshot.target, job.backup);
        const key = folder + DELETING;
        const needs = new Needs(store, job);
        const look = async () => {
          await refuseWhileRead(deps, store, job, at.signal);
          await needs.refuse(at.signal);
        };
        try {
          await look();
          await refuseWhileKept(deps, job, at.signal);
          await tryRemoving(store, folder, WORK + job.run.runId, at.signal);
          const sentence = toJson({ ...job.run, since: new Date().toISOString() });
          await putOnce(store, key, sentence, at.signal);
          // A backup that was about to name its objects held a lease until its manifest was there.
          await look();
        } catch (error) {
          await takeBack(store, job, at);
          throw error;
        }
      }),
    );
}

/** Nobody can restore a backup any more whose product is only asked afterwards, and does not answer for the night. */
async function refuseWhileKept(
  deps: Dependencies,
  { snapshot, product, identity, run }: DeleteJob,
  signal: AbortSignal,
): Promise<void> {
  if (product === undefined) return;
  const ask = async ({ backup }: DelegatedSession, storage: Store) =>
    backup.mayRemove
      ? backup.mayRemove(product)
      : tryRemoving(storage, backup.prefix(product), run.runId, signal, { foreign: true });
  await withDelegated(deps, { signal }, snapshot, ask, { identity });
}

/**
 * A run renews its lease while it reads. One that waits for longer than that lasts (for a lock, a safety backup, a database
 * that is away, a worker) will go on reading, and Temporal knows it; so does one whose clock is behind.
 */
async function refuseWhileRead(
  { client }: Dependencies,
  store: Store,
  { snapshot, backup }: DeleteJob,
  signal: AbortSignal,
): Promise<void> {
  const lease = { target: snapshot.target, backup };
  const [reader] = await livingLeases(store, lease, signal, (run) => isUnderWay(client, run));
  if (!reader) return;
  const { workflowId, operation, until } = reader;
  const why = hasLapsed(reader)
    ? 'which is under way, though its lease has lapsed'
    : `whose lease lasts until ${until}`;
  throw new HoldfastError(
    'LOCK_HELD',
    `Backup ${backup} of ${snapshot.target} is being read by ${workflowId} (${operation}), ${why}.`,
  );
}
