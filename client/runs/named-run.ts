import { type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import { HoldfastError } from '../../activities/failure.ts';
import { describeRun, isOrphaned } from '../../activities/locks/orphaned-lock.ts';
import { lockId, OPERATIONS } from '../../workflows/contract/names.ts';
import type { TemporalSession } from '../temporal/connect.ts';
import { toRun, type FoundRun } from './find-runs.ts';

/** The run of an operation that has this id, whoever named it; undefined when there is none. */
export async function runOfId(session: TemporalSession, id: string): Promise<FoundRun | undefined> {
  try {
    return await requireRun(session, id);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || error instanceof HoldfastError) return undefined;
    throw error;
  }
}

/**
 * The same, where there must be one.
 * @throws INPUT_INVALID when the id is that of a lock or of a workflow that is none of ours; WorkflowNotFoundError
 */
export async function requireRun(session: TemporalSession, id: string): Promise<FoundRun> {
  const description = await session.client.workflow.getHandle(id).describe();
  const run = toRun(description);
  if (OPERATIONS.some((operation) => operation === run.operation)) return run;
  if (run.operation !== 'lock') {
    throw new HoldfastError(
      'INPUT_INVALID',
      `${id} is no run of Holdfast, but a workflow of the type ${run.operation}.`,
      { hint: 'See the runs with `holdfast status`.' },
    );
  }
  const held = await holderOf(session, description);
  throw new HoldfastError(
    'INPUT_INVALID',
    `${id} is no run, but a lock${held ? `, which ${held} holds` : ' that nobody holds now'}.`,
    { hint: held ? `Cancel its holder: holdfast cancel ${held}` : 'There is nothing to cancel.' },
  );
}

/** The run under way that has the lock of a target: also a restore into it, which bears the name of another one. */
export async function runAtWorkOn(
  session: TemporalSession,
  target: string,
): Promise<FoundRun | undefined> {
  const lock = await describeRun(session.client, lockId.target(target));
  const held = lock && (await holderOf(session, lock));
  const run = held === undefined ? undefined : await runOfId(session, held);
  return run?.status === 'RUNNING' ? run : undefined;
}

async function holderOf(
  { client }: TemporalSession,
  lock: WorkflowExecutionDescription,
): Promise<string | undefined> {
  const holder = lock.memo?.['workflowId'];
  const open = lock.status.name === 'RUNNING' && !(await isOrphaned(client, lock));
  return open && typeof holder === 'string' ? holder : undefined;
}
