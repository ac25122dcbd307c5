import { FAILURES } from '../../workflows/contract/failures.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { TemporalPlace } from './connect.ts';

type Request = Parameters<TemporalPlace['connection']['workflowService']['describeTaskQueue']>[0];

/** As Temporal's protocol numbers them; its enum is not exported. */
const KINDS: Record<string, unknown> = { workflow: 1, activity: 2 };
/** A long poll lasts a minute; who has not come back by then is gone, though the server lists it for five. */
const FRESH_MS = 90_000;

/** The workers that poll a task queue, for workflows or for activities. */
export async function pollersOf(
  { connection, namespace }: TemporalPlace,
  taskQueue: string,
  kind: 'workflow' | 'activity',
): Promise<{ identity: string; lastSeen: Date }[]> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: KINDS[kind] as NonNullable<Request['taskQueueType']>,
  });
  return (pollers ?? [])
    .map(({ identity, lastAccessTime }) => ({
      identity: identity ?? 'unknown',
      lastSeen: new Date(Number(lastAccessTime?.seconds ?? 0) * 1000),
    }))
    .filter(({ lastSeen }) => Date.now() - lastSeen.getTime() < FRESH_MS);
}

/** What to do where nobody polls a queue. The host that did may be lost together with the database beside it. */
export function startWorkerOn(queue: string): string {
  if (queue === TASK_QUEUE) return FAILURES.WORKER_MISSING.hint;
  return (
    `Start \`holdfast worker --task-queue ${queue}\`; where the host that did is lost, on any other one: to restore a backup ` +
    'elsewhere, it needs the configuration and the store, not the database that the backup is of.'
  );
}
