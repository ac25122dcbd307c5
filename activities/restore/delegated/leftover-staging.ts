import type { Client } from '@temporalio/client';
import type { TargetSnapshot } from '../../../workflows/contract/snapshot.ts';
import { readIfThere } from '../../catalog/json.ts';
import type { Config } from '../../config/config.ts';
import { snapshotOf } from '../../config/config.ts';
import type { Dependencies } from '../../dependencies.ts';
import { HoldfastError } from '../../failure.ts';
import { requireDead } from '../../jobs/leftover-jobs.ts';
import { polled } from '../../jobs/polled.ts';
import { holderOf } from '../../locks/locks.ts';
import type { PlannedRestore } from '../../products/product.ts';
import { fullPlaceOf, isSamePlace } from '../../stores/place.ts';
import type { Store } from '../../stores/store.ts';
import { storageOf, withDelegated } from '../../workspace.ts';
import { acceptedAt } from './accepted.ts';
import { plannedJob, stagingOf } from './plan-delegated.ts';
import type { Staging } from './plan-staging.ts';
import { withAsked } from './request-notes.ts';
import { unstage } from './unstage.ts';

/**
 * Removes what a restore that died had put back for a product. `work` is the folder of its plan.
 * @throws TARGET_BUSY while the product, or another restore, may be reading it; PRODUCT_STORAGE_MOVED when the destination
 * has another storage by now, in which the same names may be of the product's own
 */
export async function removeLeftoverStaging(
  deps: Pick<Dependencies, 'stores'>,
  client: Client,
  store: Store,
  config: Config,
  work: string,
  signal: AbortSignal,
): Promise<void> {
  const read = (name: string) => readIfThere(store, work + name, signal);
  // A copy, and a verification, keep plans of another kind.
  const plan = (await read('plan.json')) as PlannedRestore | { detail?: undefined } | undefined;
  if (!plan?.detail || !('staging' in plan.detail)) return;
  const staging = stagingOf(plan);
  if (staging.ours.length === 0) return;
  const destination = snapshotOf(config, plan.summary.into);
  requireSamePlace(staging, destination, work);
  await requireUnread(client, staging);
  await withDelegated(deps, { signal }, destination, async ({ restore }, storage) => {
    const begun = (await read('begun.json')) as { at: string } | undefined;
    if (begun) {
      const planned = await withAsked(store, work, plannedJob(plan), signal);
      const state = ((await read('state.json')) ?? {}) as Record<string, unknown>;
      const { state: is, words } = await polled(() => restore.poll(planned, state));
      const says = `${words} of its restore of ${planned.name}`;
      const since = (await acceptedAt(store, work, signal)) ?? new Date(begun.at);
      if (is === 'running') requireDead(destination, since.getTime(), says);
    }
    await unstage(storage, staging, signal);
  });
}

function requireSamePlace({ place, ours }: Staging, destination: TargetSnapshot, work: string) {
  const { target } = destination;
  const storage = storageOf(destination);
  if (place === undefined || isSamePlace(place, storage)) return;
  throw new HoldfastError(
    'PRODUCT_STORAGE_MOVED',
    `A restore into ${target} that has ended put objects back in ${place}, below ${ours.join(', ')}, and ${target} writes ` +
      `to ${fullPlaceOf(storage)} now; nothing is removed.`,
    { hint: `Remove them there by hand, and then ${work} in the store.` },
  );
}

async function requireUnread(client: Client, { lock, ours }: Staging): Promise<void> {
  const holder = lock === undefined ? null : await holderOf(client, lock);
  if (!holder) return;
  throw new HoldfastError(
    'TARGET_BUSY',
    `${holder.workflowId} restores from what a restore that has ended put back below ${ours.join(', ')}; nothing is removed.`,
    { hint: 'Run `holdfast doctor --remove-leftovers` again when it has ended.' },
  );
}
