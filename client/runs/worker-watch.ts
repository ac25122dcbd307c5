import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { pollersOf } from '../temporal/workers.ts';
import type { Observation } from './observe.ts';

const PATIENCE_MS = 4_000;

/**
 * The task queue on which a run waits for a worker that is not there, if so. Only a run that nobody has taken up for
 * some seconds is looked at: the server's own list of workers is minutes behind when one dies.
 * @param watchedMs how long the caller itself has looked on, if so: Temporal's clock and that of this host may differ by
 * more than those seconds
 * @throws what Temporal answers where it does not tell who polls, now or ever
 */
export async function queueWithoutWorker(
  session: TemporalSession,
  seen: Observation,
  watchedMs?: number,
): Promise<string | undefined> {
  const late = (since: Date | undefined) => since && Date.now() - since.getTime() > PATIENCE_MS;
  if (seen.status !== 'RUNNING') return undefined;
  if (seen.untouched) {
    const isLate = watchedMs === undefined ? late(seen.startedAt) : watchedMs > PATIENCE_MS;
    return isLate ? seen.taskQueue : undefined;
  }
  if (!seen.progress && (await pollersOf(session, seen.taskQueue, 'workflow')).length === 0) {
    return seen.taskQueue;
  }
  const served = new Set(seen.pending.flatMap((each) => (each.running ? [each.taskQueue] : [])));
  for (const { running, taskQueue, scheduledAt } of seen.pending) {
    // An attempt that failed has the next one ahead for a while: that one is late only when its time has come.
    if (running || !taskQueue || served.has(taskQueue) || !late(scheduledAt)) continue;
    if ((await pollersOf(session, taskQueue, 'activity')).length > 0) continue;
    // A worker that has no place left for an activity does not ask for one, but for workflows it does.
    if (taskQueue === TASK_QUEUE && (await pollersOf(session, taskQueue, 'workflow')).length > 0)
      continue;
    return taskQueue;
  }
  return undefined;
}
