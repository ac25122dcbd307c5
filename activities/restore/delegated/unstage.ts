import type { RestoreJob } from '../../../workflows/contract/activities.ts';
import { livingLeases } from '../../catalog/leases.ts';
import { removeBelow } from '../../catalog/remove-below.ts';
import { HoldfastError } from '../../failure.ts';
import type { Store } from '../../stores/store.ts';
import type { Staging } from './plan-staging.ts';

/**
 * Removes what was put back for the product, and what the product wrote beside it meanwhile. A folder in which the
 * product still had objects of its own is left as it is: they are whole again.
 * @throws TARGET_BUSY while another restore may be reading them
 */
export async function unstage(
  store: Store,
  job: RestoreJob,
  storage: Store,
  { ours }: Staging,
  signal: AbortSignal,
): Promise<void> {
  if (ours.length === 0) return;
  const lease = { target: job.snapshot.target, backup: job.backup };
  const others = (await livingLeases(store, lease, signal)).filter(
    ({ operation, runId }) => operation === 'restore' && runId !== job.run.runId,
  );
  if (others[0]) {
    throw new HoldfastError(
      'TARGET_BUSY',
      `${others[0].workflowId} restores the same backup and may be reading ${ours.join(', ')} in ${storage.place}.`,
    );
  }
  for (const folder of ours) await removeBelow(storage, folder, signal);
}
