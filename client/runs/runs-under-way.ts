import type { TemporalSession } from '../temporal/connect.ts';
import { findRuns, type FoundRun } from './find-runs.ts';
import { runAtWorkOn } from './named-run.ts';

export interface RunUnderWay extends FoundRun {
  /** The target that a restore of another one's backup writes into, where that one was asked for. */
  into?: string;
}

/** What is under way, newest first; of a target, also the restore into it, whose id and attributes name another one. */
export async function runsUnderWay(
  session: TemporalSession,
  { target, limit }: { target?: string | undefined; limit: number },
): Promise<RunUnderWay[]> {
  const named = await findRuns(session, { target, running: true, limit });
  const holder = target === undefined ? undefined : await runAtWorkOn(session, target);
  if (!holder || named.some(({ workflowId }) => workflowId === holder.workflowId)) return named;
  const elsewhere = holder.operation === 'restore' && holder.target !== target;
  return [{ ...holder, ...(elsewhere ? { into: target } : {}) }, ...named];
}
