import type { TemporalSession } from '../temporal/connect.ts';
import { PATIENCE_MS, unlikeWorkers } from '../temporal/unlike-workers.ts';
import { ONE_NAMESPACE_EACH } from '../temporal/worker-identity.ts';
import { type Output, printable } from '../terminal/output.ts';
import type { Check } from './check.ts';

/** Whether the workers of a queue mean the same: any of them resolves any run, by its own file. */
export async function checkConfigurations(
  session: TemporalSession,
  queue: string,
  output: Output,
): Promise<Check[]> {
  const workers = await unlikeWorkers(session, queue, {
    onWait: (listed) =>
      output.remark(
        printable(
          `waiting up to ${PATIENCE_MS / 1_000} seconds to see who still asks for work on the task queue ${queue}: it lists ` +
            `workers of different configurations (for some minutes also those that were stopped): ${listed.toSorted().join(', ')}`,
        ),
      ),
  });
  if (workers.length === 0) return [];
  return [
    {
      area: 'temporal',
      subject: `task queue ${queue}`,
      level: 'problem',
      message: `its workers began with different configurations, and each takes up any run, by its own file: ${workers.toSorted().join(', ')}`,
      hint: ONE_NAMESPACE_EACH,
    },
  ];
}
