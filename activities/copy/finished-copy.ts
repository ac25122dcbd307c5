import type { CopyJob } from '../../workflows/contract/activities.ts';
import { readCollected, type Collected } from '../catalog/collected.ts';
import type { Store } from '../stores/store.ts';
import type { CopyWork } from './copy-work.ts';
import { copyMark } from './current-copy.ts';

/** The copy, when nothing is left to do: it is committed, and not the very one that is being mended. */
export async function finishedCopy(
  store: Store,
  { snapshot: { target }, backup: id }: CopyJob,
  work: CopyWork,
  signal: AbortSignal,
): Promise<Collected | undefined> {
  const mends = (await work.plan())?.mends;
  if (mends !== undefined && mends === (await copyMark(store, { target, id }, signal))) {
    return undefined;
  }
  return readCollected(store, target, id, signal);
}
