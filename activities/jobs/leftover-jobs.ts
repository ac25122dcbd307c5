import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { withDelegated } from '../workspace.ts';
import { JOBS, recordsBelow } from './job-record.ts';
import { polled } from './polled.ts';

/**
 * Removes what a product wrote for a run that died before its commit. A job that still runs is left alone.
 * @throws TARGET_BUSY while the product's job runs, and what its calls throw
 */
export async function removeLeftoverJobs(
  deps: Pick<Dependencies, 'stores'>,
  store: Store,
  snapshot: TargetSnapshot,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const records = await recordsBelow(store, folder + JOBS, signal);
  if (records.length === 0) return;
  await withDelegated(deps, { signal }, snapshot, async ({ backup }) => {
    for (const { name } of records) {
      const { state, words } = await polled(() => backup.poll(name));
      if (state === 'running') {
        throw new HoldfastError(
          'TARGET_BUSY',
          `${snapshot.target} says ${words} of its backup ${name}, which a run that has ended began; nothing is removed.`,
        );
      }
      await backup.remove(name);
    }
  });
}
