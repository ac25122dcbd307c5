import { HoldfastError } from '../../failure.ts';
import { inItsPlace, type Complaint } from './failures.ts';

/** What became of a class or tenant since it was listed: `asleep` is there and not active. */
export type Gone = 'asleep' | 'absent';

interface Asked {
  server: string;
  operation: string;
  /** Whether the schema has the class. */
  isThere: () => Promise<boolean>;
}

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

/**
 * Of a class that is gone the server says 404 without a word, as others do that stand before it: only its schema tells
 * them apart. A route that it does not have, it names.
 * @throws TARGET_BUSY when the class is there all the same
 */
export async function goneBy(
  complaint: Complaint,
  { server, operation, isThere }: Asked,
): Promise<Gone | undefined> {
  const { status, message } = complaint;
  if (status !== 404) return goneIn(message);
  if (message !== '') return undefined;
  if (await isThere()) throw inItsPlace(complaint, server, operation);
  return 'absent';
}

/** @param message as it also stands in errors of GraphQL */
export function goneIn(message: string): Gone | undefined {
  if (/tenant not active/.test(message)) return 'asleep';
  return /tenant not found|class .*not found/.test(message) ? 'absent' : undefined;
}
