import type { RestoreTotals } from './contract/activities.ts';
import { failure } from './failure.ts';

export function nothingProven(): RestoreTotals {
  return {
    artifacts: 0,
    bytes: 0,
    identical: 0,
    equivalent: 0,
    failed: { subjects: [], count: 0 },
  };
}

/**
 * @param twice what differed was written and compared a second time
 * @throws RESTORE_NOT_PROVEN
 */
export function requireProof({ failed, artifacts }: RestoreTotals, twice: boolean): void {
  if (failed.count === 0) return;
  const named = failed.subjects.join('; ');
  const rest = failed.count - failed.subjects.length;
  throw failure(
    'RESTORE_NOT_PROVEN',
    `${failed.count} of ${artifacts} artifacts came back different${twice ? ', also at the second try' : ''}: ${named}` +
      `${rest > 0 ? `; and ${rest} more` : ''}.`,
  );
}
