import type { DeleteJob } from '../../workflows/contract/activities.ts';
import type { Attempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';
import { takeBack } from './take-back.ts';

/**
 * Removes; where that is refused for good and everything is still there, the backup is one again. Only the first attempt
 * knows: an earlier one may have removed something, or what it asked for may still come.
 * @param where all that is removed lies there
 */
export async function takenBackIfWhole<T>(
  deps: Dependencies,
  job: DeleteJob,
  at: Attempt,
  where: { store: Store; prefix: string },
  remove: () => Promise<T>,
): Promise<T> {
  const before = at.number === 1 ? await objectsIn(where, at.signal) : undefined;
  try {
    return await remove();
  } catch (error) {
    const final = error instanceof HoldfastError && !error.retryable;
    if (final && before !== undefined && (await stillHolds(where, before, at.signal))) {
      await withStore(deps, job.snapshot, (store) => takeBack(store, job, at));
    }
    throw error;
  }
}

/** A place that cannot be looked at may have lost something. */
async function stillHolds(
  where: { store: Store; prefix: string },
  before: number,
  signal: AbortSignal,
): Promise<boolean> {
  const after = await objectsIn(where, signal).catch(() => -1);
  return after >= before;
}

async function objectsIn(
  { store, prefix }: { store: Store; prefix: string },
  signal: AbortSignal,
): Promise<number> {
  let objects = 0;
  for await (const _ of store.list(prefix, { signal })) objects += 1;
  return objects;
}
