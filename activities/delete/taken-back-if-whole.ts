import type { DeleteJob } from '../../workflows/contract/activities.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';
import { takeBack } from './take-back.ts';

/** The one step of a removal that later attempts have to know of. */
const BEGUN = 0;

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
  // Somebody who resets the activity has its attempts counted anew: that one had begun stays in its heartbeat.
  const isFirst = at.number === 1 && at.done.size === 0;
  const before = isFirst ? await keysIn(where, at.signal) : undefined;
  at.done.add(BEGUN);
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
  before: Set<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const after = await keysIn(where, signal).catch(() => new Set<string>());
  return [...before].every((key) => after.has(key));
}

async function keysIn(
  { store, prefix }: { store: Store; prefix: string },
  signal: AbortSignal,
): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const { key } of store.list(prefix, { signal })) keys.add(key);
  return keys;
}
