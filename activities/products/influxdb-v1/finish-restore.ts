import type { Warning } from '../../../workflows/contract/progress.ts';
import { formatDuration } from '../../config/duration.ts';
import { HoldfastError } from '../../failure.ts';
import { told } from '../../few.ts';
import { quoted, type InfluxV1Client } from './client.ts';
import { writtenByClients } from './client-writes.ts';
import { dropDatabase, policyNames } from './databases.ts';
import { marker, unproven, type PlannedDatabase, type RestoreDetail } from './restore-detail.ts';

/** Gives every policy its retention back, and takes the mark away. May be repeated after any step. */
export async function finishRestore(
  { run, databases }: RestoreDetail,
  client: InfluxV1Client,
): Promise<{ restored: string[]; warnings: Warning[] }> {
  const marked: PlannedDatabase[] = [];
  /** Those without the mark an earlier attempt has finished. */
  const restored: string[] = [];
  let lost: string | undefined;
  for (const database of databases) {
    const { name } = database;
    const policies = await policyNames(client, name);
    if (policies === undefined) lost ??= name;
    else if (policies.includes(marker(run))) marked.push(database);
    else restored.push(name);
  }
  try {
    if (lost !== undefined) {
      throw new HoldfastError(
        'DESTINATION_CHANGED',
        `The restored database ${lost} is not there any more.`,
      );
    }
    for (const database of marked) {
      await finishDatabase(database, run, client);
      restored.push(database.name);
    }
  } catch (error) {
    throw restored.length === 0 ? error : alsoDone(error, restored);
  }
  return { restored: databases.map(({ name }) => name), warnings: [] };
}

async function finishDatabase(
  { name, policies }: PlannedDatabase,
  run: string,
  client: InfluxV1Client,
): Promise<void> {
  for (const policy of policies) {
    if (policy.duration === '0') continue;
    await client.query(
      [
        `ALTER RETENTION POLICY ${quoted(policy.name)} ON ${quoted(name)} DURATION ${policy.duration}ns`,
      ],
      `giving ${name}/${policy.name} its retention back`,
    );
  }
  await removeMark(name, run, client);
}

/** The undoing handles what still bears a mark; whoever reads the failure must know what stays. */
function alsoDone(error: unknown, restored: string[]): unknown {
  if (!(error instanceof HoldfastError)) return error;
  const message = `${error.message} Already restored, proven and kept: ${told(restored)}.`;
  return new HoldfastError(error.code, message, { cause: error, hint: error.hint });
}

/**
 * Removes the databases that bear this run's mark, or keeps them with one that says what they are: also those that clients
 * have written into.
 */
export async function undoRestore(
  { run, databases, countingSince: since }: RestoreDetail,
  keep: boolean,
  uploaded: boolean,
  client: InfluxV1Client,
): Promise<{ removed: string[]; quarantined: string[] }> {
  const removed: string[] = [];
  const quarantined: string[] = [];
  for (const database of databases) {
    const { name } = database;
    const policies = (await policyNames(client, name)) ?? [];
    const marked = policies.includes(marker(run));
    // An earlier attempt has set it aside, and its answer is lost.
    const kept = !marked && policies.includes(unproven(run));
    if (!marked && !kept) continue;
    const stays = keep || kept;
    const looked = writtenByClients(name, { since, uploaded }, client);
    const written = await (stays ? looked.catch(() => undefined) : looked);
    if (!stays && written === undefined) {
      await dropDatabase(client, name);
      removed.push(name);
      continue;
    }
    if (marked) await setAside(name, run, client);
    const mark = `it bears the retention policy ${unproven(run)}`;
    const words = [mark, ...(written === undefined ? [] : [written]), ...retentionOf(database)];
    quarantined.push(`${name} (${words.join('; ')})`);
  }
  return { removed, quarantined };
}

/** What is not proven is not made to expire: a person is to look at it first. */
function retentionOf({ policies }: PlannedDatabase): string[] {
  const kept = policies
    .filter(({ duration }) => duration !== '0')
    .map(
      ({ name, duration }) => `${name} ${formatDuration(Number(BigInt(duration) / 1_000_000n))}`,
    );
  if (kept.length === 0) return [];
  return [
    `it was restored to keep its data for ever; in the backup they are kept: ${kept.join(', ')}`,
  ];
}

async function setAside(name: string, run: string, client: InfluxV1Client): Promise<void> {
  await client.query(
    [
      `CREATE RETENTION POLICY ${quoted(unproven(run))} ON ${quoted(name)} DURATION INF REPLICATION 1`,
    ],
    `marking database ${name} as unproven`,
  );
  await removeMark(name, run, client);
}

async function removeMark(name: string, run: string, client: InfluxV1Client): Promise<void> {
  await client.query(
    [`DROP RETENTION POLICY ${quoted(marker(run))} ON ${quoted(name)}`],
    `taking the mark of this restore from ${name}`,
  );
}
