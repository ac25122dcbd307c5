import { readIfThere } from '../../catalog/json.ts';
import { removeBelow } from '../../catalog/remove-below.ts';
import type { Config } from '../../config/config.ts';
import { snapshotOf } from '../../config/config.ts';
import type { Dependencies } from '../../dependencies.ts';
import type { PlannedRestore } from '../../products/product.ts';
import type { Store } from '../../stores/store.ts';
import { withStorage } from '../../workspace.ts';
import { stagingOf } from './plan-delegated.ts';

/** Removes what a restore that died had put back for a product. `work` is the folder of its plan. */
export async function removeLeftoverStaging(
  deps: Pick<Dependencies, 'stores'>,
  store: Store,
  config: Config,
  work: string,
  signal: AbortSignal,
): Promise<void> {
  const plan = (await readIfThere(store, `${work}plan.json`, signal)) as PlannedRestore | undefined;
  if (!plan || !('staging' in plan.detail)) return;
  await withStorage(deps, snapshotOf(config, plan.summary.into), async (storage) => {
    for (const folder of stagingOf(plan).ours) await removeBelow(storage, folder, signal);
  });
}
