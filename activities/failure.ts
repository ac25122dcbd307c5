import { ApplicationFailure } from '@temporalio/common';
import { FAILURES, type FailureCode } from '../workflows/contract/failures.ts';
import { shortened } from './shortened.ts';

interface Patience {
  tries: number;
  /** Undefined: one that grows. */
  pauseMs?: number;
}

/**
 * The one error of the activities: a code of the closed set, and one sentence that says what failed and where.
 * The hint defaults to that of the code. `cause` is for logs and never reaches the user.
 */
export class HoldfastError extends Error {
  readonly code: FailureCode;
  readonly hint: string;
  /** How often its activity is tried, and after what pause, where the code alone says otherwise. */
  readonly patience: Patience | undefined;

  constructor(
    code: FailureCode,
    message: string,
    options: { cause?: unknown; hint?: string; patience?: Patience } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.hint = options.hint ?? FAILURES[code].hint;
    this.patience = options.patience;
  }

  get fault() {
    return FAILURES[this.code].fault;
  }

  get retryable(): boolean {
    return FAILURES[this.code].retry !== 'never';
  }
}

/**
 * Failures that rarely heal, and yet may: a defect that the next version mends, a name that is not known yet. A person
 * should hear of them tonight.
 */
const TRIES: Partial<Record<FailureCode, number>> = { INTERNAL: 10, HOST_UNKNOWN: 10 };

/** A list of all mistakes of a configuration may be long; what is longer helps nobody. */
const LONGEST_MESSAGE = 10_000;

/** The shape in which a failure crosses into Temporal: `type` is the code, `details[0]` holds fault and hint. */
export function toApplicationFailure(error: unknown, attempt = 1): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const known =
    error instanceof HoldfastError
      ? error
      : new HoldfastError('INTERNAL', error instanceof Error ? error.message : String(error), {
          cause: error,
        });
  const failure = ApplicationFailure.create({
    message: shortened(known.message, LONGEST_MESSAGE),
    type: known.code,
    nonRetryable: attempt >= triesOf(known),
    details: [{ fault: known.fault, hint: known.hint }],
    nextRetryDelay: known.patience?.pauseMs,
  });
  // Where in our code a known failure arose helps nobody who reads it in the UI; a defect's origin does.
  failure.stack = known.code === 'INTERNAL' && error instanceof Error ? (error.stack ?? '') : '';
  return failure;
}

function triesOf({ code, retryable, patience }: HoldfastError): number {
  return patience?.tries ?? (retryable ? (TRIES[code] ?? Infinity) : 1);
}
