import { HoldfastError } from '../../failure.ts';
import type { DelegatedBackup, DelegatedSession, PlannedJob } from '../../products/delegated.ts';
import type { Store } from '../../stores/store.ts';
import { listBelow, neededOf } from './plan-staging.ts';

/**
 * Everything that the product will read lies in its storage: it was seen there when the restore was planned, before its
 * locks were held, or has been put back since.
 * @throws DESTINATION_CHANGED
 */
export async function requireStaged(
  storage: Store,
  session: DelegatedSession,
  backup: DelegatedBackup,
  { prefixes }: PlannedJob,
  signal: AbortSignal,
): Promise<void> {
  const there = await listBelow(storage, session, backup, signal);
  for await (const { key, bytes } of neededOf(backup, prefixes)) {
    // What was put back has an ETag of its own.
    if (there.get(key)?.bytes === bytes) continue;
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `${key} was in ${storage.place} as the database wrote it when this restore was planned, and is not there now; ` +
        'nothing was changed.',
    );
  }
}
