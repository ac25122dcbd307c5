import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { Holdfast } from './holdfast.ts';

/**
 * What somebody does who presses Reset in the Temporal UI: ends the run, and begins another one with what its history
 * holds up to a workflow task.
 * @param to its first task, its last one, or the one that began this activity
 */
export async function reset(
  { client, namespace }: Pick<Holdfast, 'client' | 'namespace'>,
  { workflowId, runId }: { workflowId: string; runId: string },
  to: 'first' | 'last' | { activity: string },
): Promise<WorkflowHandle> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const tasks = (events ?? [])
    .filter((event) => event.workflowTaskCompletedEventAttributes)
    .map(({ eventId }) => Number(eventId));
  const began = (events ?? [])
    .map((event) => event.activityTaskScheduledEventAttributes)
    .find(
      (scheduled) => typeof to === 'object' && scheduled?.activityType?.name === to.activity,
    )?.workflowTaskCompletedEventId;
  const task = typeof to === 'object' ? Number(began) : tasks.at(to === 'first' ? 0 : -1);
  const answer = await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId, runId },
    reason: 'a test',
    workflowTaskFinishEventId: task as never,
    requestId: randomUUID(),
  });
  return client.workflow.getHandle(workflowId, answer.runId);
}
