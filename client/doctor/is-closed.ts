import { WorkflowNotFoundError } from '@temporalio/client';
import type { Claim } from '../../activities/catalog/leftovers.ts';
import type { TemporalSession } from '../temporal/connect.ts';

/** A run that Temporal has forgotten was closed long ago. */
export async function isClosed({ client }: TemporalSession, claim: Claim): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(claim.workflowId, claim.runId).describe();
    return status.name !== 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true;
    throw error;
  }
}
