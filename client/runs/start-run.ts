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

interface Requests {
  backup: BackupRequest;
  restore: RestoreRequest;
  verify: VerifyRequest;
  copy: CopyRequest;
  delete: DeleteRequest;
}

export interface Order<O extends Operation = Operation> {
  operation: O;
  request: Requests[O];
  /** What the Temporal UI calls the run. */
  summary: string;
  /** Instead of the time, where there may be one such run at a time; one under way is taken then. */
  name?: string | undefined;
}

export interface StartedRun {
  operation: Operation;
  workflowId: string;
  runId: string;
}

/** Starts an operation under an id that tells what, of which target and when. */
export async function startRun(session: TemporalSession, order: Order): Promise<StartedRun> {
  const { operation, request, name } = order;
  const idOf = (last: string) => workflowId(operation, request.target, last);
  if (name !== undefined) {
    const id = idOf(name);
    const started = await tryStart(session, order, id);
    if (started) return started;
    const { runId } = await session.client.workflow.getHandle(id).describe();
    return { operation, workflowId: id, runId };
  }
  const time = `${timeName(new Date())}${'dryRun' in request && request.dryRun ? '-plan' : ''}`;
  // Two people within one second.
  for (const suffix of ['', `-${randomBytes(2).toString('hex')}`]) {
    const started = await tryStart(session, order, idOf(time + suffix));
    if (started) return started;
  }
  throw new Error(`no free workflow id for ${operation} of ${request.target}`);
}

/** @returns undefined when a run of this id is under way */
async function tryStart(
  { client }: TemporalSession,
  { operation, request, summary }: Order,
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
