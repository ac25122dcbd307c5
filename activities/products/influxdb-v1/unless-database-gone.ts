import { HoldfastError } from '../../failure.ts';
import type { RestoreStep } from '../product.ts';
import type { InfluxV1Client } from './client.ts';
import { policyNames } from './databases.ts';
import { marker } from './restore-detail.ts';

/**
 * The server closes an upload into a shard that it does not have as it does when it fails itself, and no retry brings a
 * database back that somebody has removed.
 * @param run whose mark the database bears; undefined in the state that an older version wrote
 * @returns what the upload failed with
 */
export async function unlessDatabaseGone(
  error: unknown,
  { subject, key }: RestoreStep,
  run: string | undefined,
  client: InfluxV1Client,
): Promise<unknown> {
  if (!(error instanceof HoldfastError) || !error.retryable) return error;
  const [database, policy] = [String(key['database']), String(key['policy'])];
  const needed = run === undefined ? [policy] : [policy, marker(run)];
  const gone = await policyNames(client, database).then(
    (there = []) => !needed.every((name) => there.includes(name)),
    () => false,
  );
  if (!gone) return error;
  return new HoldfastError(
    'DESTINATION_CHANGED',
    `During the restore somebody removed or replaced the database ${database} at ${client.server} that was created for ${subject}.`,
    { cause: error },
  );
}
