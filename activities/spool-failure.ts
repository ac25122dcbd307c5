import { HoldfastError } from './failure.ts';

/** A full disk, told as what it is: SPOOL_FULL. Anything else is given back as it came. */
export function spoolFailure(error: unknown, path: string): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new HoldfastError('SPOOL_FULL', `There is no room left to spool to ${path}.`, {
    cause: error,
  });
}
