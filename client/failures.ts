import type { CommanderError } from 'commander';
import type { WorkflowNotFoundError } from '@temporalio/client';
import { HoldfastError } from '../activities/failure.ts';
import { temporalRefusal } from './temporal/refusal.ts';

/** Whatever was thrown, as one sentence with a code. */
export function asHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  if (isWorkflowNotFound(error)) {
    return new HoldfastError('RUN_UNKNOWN', `There is no run ${error.workflowId}.`, {
      cause: error,
    });
  }
  const refusal = temporalRefusal(error);
  if (refusal) return refusal;
  return new HoldfastError('INTERNAL', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

// By name, which is their identity: most verbs can do without loading Temporal's client.
function isWorkflowNotFound(error: unknown): error is WorkflowNotFoundError {
  return error instanceof Error && error.name === 'WorkflowNotFoundError';
}

/** Commander's own exits: help and version are fine, everything else is wrong usage. */
export function usageError(error: CommanderError): HoldfastError {
  const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  return new HoldfastError('INPUT_INVALID', /[.?)]$/.test(message) ? message : `${message}.`, {
    hint: 'See `holdfast --help`.',
  });
}
