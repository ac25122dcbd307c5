import type { Warning } from '../../../workflows/contract/progress.ts';
import type { Manifest } from '../../catalog/manifest.ts';
import { told } from '../../few.ts';
import { INTERNAL } from '../../pipeline/influxdb-portable/metadata.ts';
import { isNamedAhead } from '../../pipeline/influxdb-portable/missing-shards.ts';
import type { ChosenDatabase } from './restore-choice.ts';
import type { BackupContent } from './restore-content.ts';

/** Warnings that are told one by one. */
const TOLD = 20;
const MILLION = 1_000_000n;

/** Old data of a policy that does not keep for ever comes back, and goes again as soon as the server looks. */
export function expiringSoon(chosen: ChosenDatabase[], now: Date): Warning[] {
  const limit = BigInt(now.getTime()) * MILLION;
  const found = chosen.flatMap(({ name: database, policies }) =>
    policies.flatMap(({ policy, name }): Warning[] => {
      if (policy.duration === 0n) return [];
      const expired = policy.groups.filter(({ end }) => end + policy.duration < limit).length;
      if (expired === 0) return [];
      const subject = `${database}/${name}`;
      return [
        {
          code: 'RETENTION_EXPIRES',
          subject,
          message: `${subject} keeps data for ${policy.duration / 1_000_000_000n} s: ${expired} of its shard groups are older, and the server removes them soon after the restore. To keep them, lengthen the retention at once.`,
        },
      ];
    }),
  );
  if (found.length <= TOLD) return found;
  const message = `The server removes old shards of ${found.length - TOLD} further retention policies soon after the restore.`;
  return [...found.slice(0, TOLD), { code: 'RETENTION_EXPIRES', message }];
}

/** InfluxDB 1 can neither rename a database nor keep clients out of one. */
export function openToClients(chosen: ChosenDatabase[]): Warning {
  const named = chosen.slice(0, TOLD).map(({ name }) => name);
  const more = chosen.length - named.length;
  return {
    code: 'OPEN_TO_CLIENTS',
    message: `From its beginning on, this restore is open to clients under the final names (${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}): they must not write there before it is finished. What they write nevertheless is kept, and then so is what could not be proven; of two points of the same series and time, the one of the backup may win.`,
  };
}

/** What the backup knows and no restore brings back. */
export function leftBehind(
  { metadata, missing }: Pick<BackupContent, 'metadata' | 'missing'>,
  chosen: ChosenDatabase[],
  captured: Manifest['times']['captured'],
): string[] {
  const wanted = new Set(chosen.map(({ from }) => from));
  const policiesOf = new Set(
    chosen.flatMap(({ from, policies }) => policies.map(({ policy }) => `${from}/${policy.name}`)),
  );
  const left: string[] = [];
  for (const [place, shards] of missingBy(missing, captured)) {
    if (!policiesOf.has(place)) continue;
    left.push(
      shards.length === 1
        ? `shard ${shards[0]} of ${place} (the backup does not hold it)`
        : `${shards.length} shards of ${place} (the backup does not hold them: ${told(shards)})`,
    );
  }
  for (const { name, policies, continuousQueries } of metadata.databases) {
    if (name === INTERNAL) left.push(`${INTERNAL} (of the server itself, not restored)`);
    if (!wanted.has(name)) continue;
    for (const query of continuousQueries) {
      left.push(`continuous query ${query.name} of ${name} (not restored; create it again)`);
    }
    for (const policy of policies) {
      for (const subscription of policy.subscriptions) {
        left.push(`subscription ${subscription} of ${name}/${policy.name} (not restored)`);
      }
    }
  }
  for (const user of metadata.users) left.push(`user ${user} with its grants (not restored)`);
  return left;
}

/** By database and policy. Those that were named in advance hold nothing. */
function missingBy(
  missing: BackupContent['missing'],
  captured: Manifest['times']['captured'],
): Map<string, string[]> {
  const made = { from: Date.parse(captured.from), to: Date.parse(captured.to) };
  const places = new Map<string, string[]>();
  for (const { database, policy, shard, start } of missing) {
    if (isNamedAhead(Number(start / MILLION), made)) continue;
    const place = `${database}/${policy}`;
    const shards = places.get(place) ?? [];
    places.set(place, shards);
    shards.push(String(shard));
  }
  return places;
}
