import { WorkflowNotFoundError } from '@temporalio/client';
import { SIGNAL } from '../../workflows/contract/names.ts';
import type { TemporalSession } from '../temporal/connect.ts';

/** Asks a run to end. One that has ended meanwhile needs no asking: whoever follows it hears how. */
export async function askToEnd(
  { client }: TemporalSession,
  { workflowId, runId }: { workflowId: string; runId: string },
  reason: string,
): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId, runId).signal(SIGNAL.cancel, { reason });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
