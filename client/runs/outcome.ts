import { WorkflowFailedError } from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { HoldfastError } from '../../activities/failure.ts';
import { isFailureCode } from '../../workflows/contract/failures.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { TemporalSession } from '../temporal/connect.ts';

/**
 * The result of a run that has ended, or waits for it.
 * @throws the failure that ended it, with its own code and hint; CANCELLED when it was cancelled
 */
export async function resultOf<T>(
  { client }: TemporalSession,
  workflowId: string,
  runId?: string,
): Promise<T> {
  try {
    return (await client.workflow.getHandle(workflowId, runId).result()) as T;
  } catch (error) {
    throw error instanceof WorkflowFailedError ? failureOf(workflowId, error.cause) : error;
  }
}

export function failureOf(workflowId: string, cause: unknown): HoldfastError {
  if (cause instanceof CancelledFailure) {
    return new HoldfastError('CANCELLED', `The run ${workflowId} was cancelled.`, { cause });
  }
  if (cause instanceof TerminatedFailure) {
    return new HoldfastError('CANCELLED', `The run ${workflowId} was terminated by hand.`, {
      cause,
      hint: 'A terminated run could not clean up: `holdfast doctor --remove-leftovers` removes what it left. Use `holdfast cancel` the next time.',
    });
  }
  if (cause instanceof TimeoutFailure) {
    return new HoldfastError('INTERNAL', `The run ${workflowId} ran into a time-out of Temporal.`, {
      cause,
      hint: 'Look at the run in the Temporal UI, and start it again.',
    });
  }
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) {
    const hint = hintOf(cause.details?.[0]);
    return new HoldfastError(cause.type, cause.message, { cause, ...(hint ? { hint } : {}) });
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError('INTERNAL', `The run ${workflowId} failed: ${message}`, { cause });
}

function hintOf(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('hint' in details)) return undefined;
  return typeof details.hint === 'string' ? details.hint : undefined;
}

/** How an ended run ended, as data. */
export async function endOf(
  session: TemporalSession,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<Ending> {
  try {
    return { result: await resultOf<NonNullable<Ending['result']>>(session, workflowId, runId) };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const { code, message, hint } = error;
    return { error: { code, message, hint } };
  }
}

export interface Ending {
  result?: { warnings?: Warning[] };
  error?: { code: string; message: string; hint: string };
}
