import type { TemporalSession } from '../temporal/connect.ts';
import { unlikeWorkers } from '../temporal/unlike-workers.ts';
import { ONE_NAMESPACE_EACH } from '../temporal/worker-identity.ts';
import type { Check } from './check.ts';

/** Whether the workers of a queue mean the same: any of them resolves any run, by its own file. */
export async function checkConfigurations(
  session: TemporalSession,
  queue: string,
): Promise<Check[]> {
  const workers = await unlikeWorkers(session, queue);
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
