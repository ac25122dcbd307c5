import { randomBytes } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import {
  type Operation,
  TASK_QUEUE,
  timeName,
  workflowId,
} from '../../workflows/contract/names.ts';
import type {
  BackupRequest,
  RestoreRequest,
  VerifyRequest,
} from '../../workflows/contract/operations.ts';
import type { TemporalSession } from '../temporal/connect.ts';

export type OperationRequest = BackupRequest | RestoreRequest | VerifyRequest;

export interface StartedRun {
  operation: Operation;
  workflowId: string;
  runId: string;
}

/** Starts an operation under an id that tells what, of which target and when. */
export async function startRun(
  { client }: TemporalSession,
  operation: Operation,
  request: OperationRequest,
  summary: string,
): Promise<StartedRun> {
  const name = `${timeName(new Date())}${'dryRun' in request && request.dryRun ? '-plan' : ''}`;
  for (const suffix of ['', `-${randomBytes(2).toString('hex')}`]) {
    const id = workflowId(operation, request.target, name + suffix);
    try {
      const handle = await client.workflow.start(operation, {
        workflowId: id,
        taskQueue: TASK_QUEUE,
        args: [request],
        staticSummary: summary,
      });
      return { operation, workflowId: id, runId: handle.firstExecutionRunId };
    } catch (error) {
      // Two people within one second.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError) || suffix !== '') throw error;
    }
  }
  throw new Error(`no free workflow id for ${operation} of ${request.target}`);
}
