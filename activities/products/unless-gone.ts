import { HoldfastError } from '../failure.ts';

interface Question {
  /** Whether what the upload goes to is not there any more. That it cannot be asked says nothing. */
  isGone: () => Promise<boolean>;
  /** What to say then. */
  message: string;
  hint?: string;
}

/**
 * Servers answer an upload whose destination was removed as they do their own faults, and no retry brings it back.
 * @returns what the upload failed with
 */
export async function unlessGone(
  error: unknown,
  { isGone, message, ...hint }: Question,
): Promise<unknown> {
  if (!(error instanceof HoldfastError) || !error.retryable) return error;
  const gone = await isGone().catch(() => false);
  return gone
    ? new HoldfastError('DESTINATION_CHANGED', message, { cause: error, ...hint })
    : error;
}
