import type { RestoreStep } from '../product.ts';
import { unlessGone } from '../unless-gone.ts';
import type { InfluxV1Client } from './client.ts';
import { policyNames } from './databases.ts';
import { marker } from './restore-detail.ts';

/**
 * The server closes an upload into a shard that it does not have.
 * @param run whose mark the database bears; undefined in the state that an older version wrote
 * @returns what the upload failed with
 */
export function unlessDatabaseGone(
  error: unknown,
  { subject, key }: RestoreStep,
  run: string | undefined,
  client: InfluxV1Client,
): Promise<unknown> {
  const [database, policy] = [String(key['database']), String(key['policy'])];
  const needed = run === undefined ? [policy] : [policy, marker(run)];
  return unlessGone(error, {
    isGone: async () => {
      const there = (await policyNames(client, database)) ?? [];
      return !needed.every((name) => there.includes(name));
    },
    message: `During the restore somebody removed or replaced the database ${database} at ${client.server} that was created for ${subject}.`,
  });
}
