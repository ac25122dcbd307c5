import { HoldfastError } from '../../activities/failure.ts';

/** What it failed with; not to fail is a failure of the test. */
export const failureOf = (work: Promise<unknown>): Promise<HoldfastError> =>
  work.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error: unknown) => {
      if (error instanceof HoldfastError) return error;
      throw error;
    },
  );
