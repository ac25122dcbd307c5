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

/** How often an activity is tried at most; times are bounded by its options, where the workflow calls it. */
const TRIES: Record<(typeof FAILURES)[FailureCode]['retry'], number> = {
  never: 1,
  '10 times': 10,
  '5 minutes': Infinity,
  'for hours': Infinity,
};

/** A list of all mistakes of a configuration may be long; what is longer helps nobody. */
const LONGEST_MESSAGE = 10_000;

/**
 * The shape in which a failure crosses into Temporal: `type` is the code, `details[0]` holds fault and hint.
 * @param times so often the activity has failed with this code in a row
 */
export function toApplicationFailure(error: unknown, times = 1): ApplicationFailure {
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
    nonRetryable: times >= triesOf(known),
    details: [{ fault: known.fault, hint: known.hint }],
    nextRetryDelay: known.patience?.pauseMs,
  });
  // Where in our code a known failure arose helps nobody who reads it in the UI; a defect's origin does.
  failure.stack = known.code === 'INTERNAL' && error instanceof Error ? (error.stack ?? '') : '';
  return failure;
}

function triesOf({ code, patience }: HoldfastError): number {
  return patience?.tries ?? TRIES[FAILURES[code].retry];
}
