import { WorkflowNotFoundError } from '@temporalio/client';
import { findRuns } from '../runs/find-runs.ts';
import { pendingOf } from '../runs/observe.ts';
import type { TemporalSession } from '../temporal/connect.ts';

const MOST_RUNS = 200;

/**
 * The task queues on which activities of open runs wait, with the ids of those runs: a run keeps to the queue that the
 * file named when it began.
 */
export async function waitingRuns(session: TemporalSession): Promise<Map<string, string[]>> {
  const waiting = new Map<string, string[]>();
  for (const { workflowId, runId } of await findRuns(session, {
    running: true,
    limit: MOST_RUNS,
  })) {
    for (const queue of await queuesOf(session, workflowId, runId)) {
      waiting.set(queue, [...(waiting.get(queue) ?? []), workflowId]);
    }
  }
  return waiting;
}

async function queuesOf(
  session: TemporalSession,
  workflowId: string,
  runId: string,
): Promise<Set<string>> {
  try {
    const { client } = session;
    const pending = await pendingOf(
      session,
      await client.workflow.getHandle(workflowId, runId).describe(),
    );
    return new Set(
      pending.flatMap(({ running, taskQueue }) => (running || !taskQueue ? [] : [taskQueue])),
    );
  } catch (error) {
    // Visibility is a moment behind.
    if (error instanceof WorkflowNotFoundError) return new Set();
    throw error;
  }
}
