import type { TemporalPlace } from '../temporal/connect.ts';
import { unlikeWorkers } from '../temporal/unlike-workers.ts';
import { ONE_NAMESPACE_EACH } from '../temporal/worker-identity.ts';
import { type Output, printable } from '../terminal/output.ts';

/** Tells of workers that would take up the runs of this one with a configuration that means something else. */
export async function warnOfOthers(
  place: TemporalPlace,
  taskQueue: string,
  own: string,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  // Who may not ask, or is told to stop, works all the same.
  const workers = await unlikeWorkers(place, taskQueue, { own, signal }).catch(() => []);
  if (workers.length === 0) return;
  output.event(
    { event: 'otherConfiguration', taskQueue, own, workers },
    printable(
      `Other workers poll the task queue ${taskQueue} of namespace ${place.namespace} with another configuration than this one's (config:${own}): ${workers.join(', ')}. ` +
        `Each takes up any run, by its own file. ${ONE_NAMESPACE_EACH}`,
    ),
  );
}
