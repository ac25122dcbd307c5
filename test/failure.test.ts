import { describe, expect, test } from 'vitest';
import { HoldfastError, toApplicationFailure } from '../activities/failure.ts';
import { FAILURES, type FailureCode } from '../workflows/contract/failures.ts';

/** Whether Temporal is told to try the activity again. */
function goesOn(error: unknown, attempt: number): boolean {
  return !toApplicationFailure(error, attempt).nonRetryable;
}

describe('how often an activity is tried', () => {
  test.each(Object.keys(FAILURES) as FailureCode[])('%s', (code) => {
    const error = new HoldfastError(code, 'It failed.');
    const { retry } = FAILURES[code];
    expect(goesOn(error, 1)).toBe(retry !== 'never');
    expect(goesOn(error, 9)).toBe(retry !== 'never');
    expect(goesOn(error, 10)).toBe(retry !== 'never' && retry !== '10 times');
    expect(goesOn(error, 100_000)).toBe(retry === 'for hours' || retry === '5 minutes');
  });

  test('a defect, ten times; a name that cannot be resolved, too', () => {
    for (const error of [new TypeError('x is undefined'), new HoldfastError('HOST_UNKNOWN', 'x')]) {
      expect([1, 9, 10].map((attempt) => goesOn(error, attempt))).toEqual([true, true, false]);
    }
  });

  test('as the error itself says, where it says it', () => {
    const patience = { tries: 3, pauseMs: 50 };
    const error = new HoldfastError('SECRET_MISSING', 'not here', { patience });
    expect([1, 2, 3].map((attempt) => goesOn(error, attempt))).toEqual([true, true, false]);
    expect(toApplicationFailure(error, 1).nextRetryDelay).toBe(50);
  });
});
