import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  isCancellation,
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
 * What a run ends with: the activity's own sentence and code on top, where the UI shows it, instead of
 * "Activity task failed". Cancellation passes unchanged.
 */
export function verdict(error: unknown): Error {
  if (isCancellation(error)) return error as Error;
  const inner = unwrap(error);
  if (inner instanceof ApplicationFailure && isFailureCode(inner.type)) {
    return final(inner.type, inner.message, inner.details ?? []);
  }
  return failure('INTERNAL', inner instanceof Error ? inner.message : String(inner));
}

/** Without a stack: a person reads it, and it says where the failure is told, not where it arose. */
function final(code: FailureCode, message: string, details: unknown[]): ApplicationFailure {
  const end = ApplicationFailure.create({ message, type: code, nonRetryable: true, details });
  end.stack = '';
  return end;
}

function unwrap(error: unknown): unknown {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  if (!wrapped) return error;
  return error.cause ? unwrap(error.cause) : error;
}
