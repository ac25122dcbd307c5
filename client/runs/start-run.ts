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
  CopyRequest,
  DeleteRequest,
  RestoreRequest,
  VerifyRequest,
} from '../../workflows/contract/operations.ts';
import type { TemporalSession } from '../temporal/connect.ts';

export type OperationRequest =
  BackupRequest | RestoreRequest | VerifyRequest | CopyRequest | DeleteRequest;

export interface StartedRun {
  operation: Operation;
  workflowId: string;
  runId: string;
}

/**
 * Starts an operation under an id that tells what, of which target and when.
 * @param name instead of the time, where there may be one such run at a time; one under way is returned then
 */
export async function startRun(
  session: TemporalSession,
  operation: Operation,
  request: OperationRequest,
  summary: string,
  name?: string,
): Promise<StartedRun> {
  if (name !== undefined) {
    const id = workflowId(operation, request.target, name);
    const started = await tryStart(session, operation, request, summary, id);
    if (started) return started;
    const { runId } = await session.client.workflow.getHandle(id).describe();
    return { operation, workflowId: id, runId };
  }
  const time = `${timeName(new Date())}${'dryRun' in request && request.dryRun ? '-plan' : ''}`;
  // Two people within one second.
  for (const suffix of ['', `-${randomBytes(2).toString('hex')}`]) {
    const id = workflowId(operation, request.target, time + suffix);
    const started = await tryStart(session, operation, request, summary, id);
    if (started) return started;
  }
  throw new Error(`no free workflow id for ${operation} of ${request.target}`);
}

/** @returns undefined when a run of this id is under way */
async function tryStart(
  { client }: TemporalSession,
  operation: Operation,
  request: OperationRequest,
  summary: string,
  id: string,
): Promise<StartedRun | undefined> {
  try {
    const handle = await client.workflow.start(operation, {
      workflowId: id,
      taskQueue: TASK_QUEUE,
      args: [request],
      staticSummary: summary,
    });
    return { operation, workflowId: id, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}
