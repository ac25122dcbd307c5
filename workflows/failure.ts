import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  patched,
  TimeoutFailure,
} from '@temporalio/workflow';
import { FAILURES, isFailureCode, type FailureCode } from './contract/failures.ts';

/** A failure of the workflow itself, in the same shape as those of activities. */
export function failure(code: FailureCode, message: string): ApplicationFailure {
  const { fault, hint } = FAILURES[code];
  return final(code, message, [{ fault, hint }]);
}

/** The code of a failure from an activity or a workflow; the only place that looks inside `cause`. */
export function failureCode(error: unknown): FailureCode | undefined {
  const inner = unwrap(error);
  return inner instanceof ApplicationFailure && isFailureCode(inner.type) ? inner.type : undefined;
}

/**
 * Whether it is the cancel that ended the work. An attempt that fails after a cancel was asked for, and before it heard
 * of it, is not tried again: Temporal tells its failure then, as if that had been the reason.
 */
export function isCancelled(error: unknown): boolean {
  if (isCancellation(error)) return true;
  return (
    error instanceof ActivityFailure &&
    error.retryState === 'CANCEL_REQUESTED' &&
    patched('cancel-outweighs-failure')
  );
}

/**
 * What a run ends with: the activity's own sentence and code on top, where the UI shows it, instead of
 * "Activity task failed". Cancellation passes unchanged.
 */
export function verdict(error: unknown): Error {
  if (isCancellation(error)) return error as Error;
  if (isCancelled(error)) return new CancelledFailure('Workflow cancelled');
  const inner = unwrap(error);
  if (inner instanceof ApplicationFailure && isFailureCode(inner.type)) {
    return final(inner.type, inner.message, inner.details ?? []);
  }
  if (error instanceof ActivityFailure && inner instanceof TimeoutFailure) {
    return outOfTime(error.activityType, inner.timeoutType);
  }
  return failure('INTERNAL', inner instanceof Error ? inner.message : String(inner));
}

/** What Temporal gave up, since no attempt was there to say why. */
function outOfTime(step: string, limit: TimeoutFailure['timeoutType']): ApplicationFailure {
  if (limit === 'HEARTBEAT') {
    return final(
      'WORKER_SHUTDOWN',
      `The step ${step} was given up: each worker that worked on it died, or could not reach Temporal.`,
      [
        {
          fault: FAILURES.WORKER_SHUTDOWN.fault,
          hint: 'See why workers die (out of memory?), or lose Temporal.',
        },
      ],
    );
  }
  const why =
    limit === 'START_TO_CLOSE'
      ? 'it did not end in the time that it has'
      : 'no worker had a place for it in time';
  return failure('INTERNAL', `The step ${step} was given up: ${why}.`);
}

/** Without a stack: a person reads it, and it says where the failure is told, not where it arose. */
function final(code: FailureCode, message: string, details: unknown[]): ApplicationFailure {
  const end = ApplicationFailure.create({ message, type: code, nonRetryable: true, details });
  end.stack = '';
  return end;
}

function unwrap(error: unknown): unknown {
  const wrapped =
    error instanceof ActivityFailure ||
    error instanceof ChildWorkflowFailure ||
    error instanceof TimeoutFailure;
  if (!wrapped) return error;
  return error.cause ? unwrap(error.cause) : error;
}
