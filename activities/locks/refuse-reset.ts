import { Context } from '@temporalio/activity';
import type { Activities } from '../../workflows/contract/activities.ts';
import { HoldfastError, toApplicationFailure } from '../failure.ts';
import { ownExecution } from './own-execution.ts';

/**
 * Whoever presses Reset in the Temporal UI ends a run, and has another one go on with a copy of its history. The jobs in
 * there are the ended run's: its claims, leases and names in databases, which everybody may take for left over by now, and
 * its lock, which the other one may not have. So nothing is done for such a run, not even the cleaning up. One that is
 * reset to its very beginning makes jobs of its own, and is a run like any other.
 */
export function refusingReset(activities: Activities): Activities {
  const bodies = Object.entries(activities) as [string, (request: unknown) => Promise<unknown>][];
  const refusing = bodies.map(([name, body]): [string, unknown] => {
    return [name, async (request: unknown) => (refuse(request), body(request))];
  });
  return Object.fromEntries(refusing) as unknown as Activities;
}

/** @throws RUN_RESET */
function refuse(request: unknown): void {
  const job = jobIn(request);
  if (job?.run?.runId === undefined) return;
  const { workflowId, runId } = ownExecution();
  if (job.run.runId === runId) return;
  throw toApplicationFailure(
    new HoldfastError(
      'RUN_RESET',
      `The run ${workflowId} was reset in Temporal, so nothing more is done in it: what it goes on with is the work of ` +
        `the run before it (${job.run.runId}), which that ended. Start the ${workOf(job)} again as it was started.`,
    ),
  );
}

/** No command is told: the job does not have all that the run was asked for, and may be that of a safety backup. */
function workOf({ backup }: KnownJob): string {
  const operation = Context.current().info.workflowType ?? 'backup';
  const ofBackup = ['copy', 'delete'].includes(operation) && backup !== undefined;
  return `\`${operation}\`${ofBackup ? ` of backup ${backup}` : ''}`;
}

interface KnownJob {
  run?: { runId?: string };
  backup?: string;
}

/** The request is the job, or has it. */
function jobIn(request: unknown): KnownJob | undefined {
  if (typeof request !== 'object' || request === null) return undefined;
  return 'job' in request ? (request.job as KnownJob) : request;
}
