import { HoldfastError } from '../../failure.ts';
import type { Complaint } from './failures.ts';

/** What became of a class or tenant since it was listed: `asleep` is there and not active. */
export type Gone = 'asleep' | 'absent';

/** Whoever looks at many places goes on without it; elsewhere another look at what there is tells more. */
export class PlaceGone extends HoldfastError {
  readonly gone: Gone;

  constructor(gone: Gone, server: string, operation: string) {
    const what = gone === 'asleep' ? 'is not active any more' : 'is not there any more';
    super('TARGET_ERROR', `${server}: ${operation} failed: it ${what}.`, {
      hint: 'Somebody changed it in this moment; the run looks again by itself.',
    });
    this.gone = gone;
  }
}

/** Of a class that is gone the server says 404 without a word; a route that it does not have, it names. */
export function goneBy({ status, message }: Complaint): Gone | undefined {
  if (status === 404) return message === '' ? 'absent' : undefined;
  return goneIn(message);
}

/** @param message as it also stands in errors of GraphQL */
export function goneIn(message: string): Gone | undefined {
  if (/tenant not active/.test(message)) return 'asleep';
  return /tenant not found|class .*not found/.test(message) ? 'absent' : undefined;
}
