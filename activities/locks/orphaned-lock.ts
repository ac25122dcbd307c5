import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowNotFoundError,
} from '@temporalio/client';

/**
 * Whether an open lock is nobody's. Temporal closes a lock with the run that began it, unless a reset ended that run. The
 * run that goes on in its place holds the lock only where it had been taken by the point in time to which it was reset.
 */
export async function isOrphaned(
  client: Client,
  lock: WorkflowExecutionDescription,
): Promise<boolean> {
  const parent = lock.parentExecution;
  if (!parent?.workflowId) return false;
  const holder = await describeRun(client, parent.workflowId, parent.runId);
  if (isOpen(holder)) return false;
  const heir = await describeRun(client, parent.workflowId);
  return (
    !isOpen(heir) || !(heir?.raw.pendingChildren ?? []).some(({ runId }) => runId === lock.runId)
  );
}

/** Undefined when Temporal knows none: then it was closed long ago. */
export async function describeRun(
  client: Client,
  workflowId: string,
  runId?: string | null,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId, runId ?? undefined).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Whether this very run of a workflow has not ended, as far as this Temporal knows it. */
export async function isUnderWay(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<boolean> {
  const newest = await describeRun(client, workflowId);
  return isOpen(newest) && newest?.runId === runId;
}

function isOpen(run: WorkflowExecutionDescription | undefined): boolean {
  return run !== undefined && run.closeTime === undefined;
}

/** Only this run of it: the next one is somebody's. */
export async function endOrphan(
  client: Client,
  { workflowId, runId }: WorkflowExecutionDescription,
): Promise<void> {
  try {
    await client.workflow
      .getHandle(workflowId, runId)
      .terminate('A reset had ended the run that held this lock.');
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
