import type { CopyJob } from '../../workflows/contract/activities.ts';
import { readCollected, type Collected } from '../catalog/collected.ts';
import type { Store } from '../stores/store.ts';
import { isWhole } from './copy-items.ts';
import { copySources } from './copy-sources.ts';
import type { CopyWork } from './copy-work.ts';
import { copyMark } from './current-copy.ts';

/** The copy, when nothing is left to do: it is committed, and not one that is, or was, to be mended. */
export async function finishedCopy(
  store: Store,
  job: CopyJob,
  work: CopyWork,
  signal: AbortSignal,
): Promise<Collected | undefined> {
  const { target } = job.snapshot;
  const plan = await work.plan();
  if (plan?.mends !== undefined) {
    const mark = await copyMark(store, { target, id: job.backup }, signal);
    if (plan.mends === mark) return undefined;
  }
  const collected = await readCollected(store, target, job.backup, signal);
  if (!collected || plan || collected.run.runId === job.run.runId) return collected;
  // Nothing is planned where it is whole; but a plan to mend it may have been given up, too.
  return (await isWhole(await copySources(store, job, signal))) ? collected : undefined;
}
