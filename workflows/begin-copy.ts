import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { TASK_QUEUE } from './contract/names.ts';
import type { BackupReport } from './contract/operations.ts';
import { copy } from './copy.ts';

/** Has the bytes of a delegated backup copied to the Holdfast store, by a workflow that outlives this one. */
export async function beginCopy({
  backup,
  target,
  sameFailureDomain,
}: BackupReport): Promise<void> {
  if (!sameFailureDomain) return;
  try {
    await startChild(copy, {
      workflowId: sameFailureDomain.copy,
      taskQueue: TASK_QUEUE,
      args: [{ target, backup }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `off-site copy of ${backup}`,
    });
  } catch (error) {
    // A copy that a person began in this moment does the same.
    const running = error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError';
    if (!running) throw error;
  }
}
