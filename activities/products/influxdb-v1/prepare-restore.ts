import { HoldfastError } from '../../failure.ts';
import type { BackupReader } from '../product.ts';
import type { InfluxV1Client } from './client.ts';
import { holdsAnything } from './client-writes.ts';
import { composeMetadata } from './compose-metadata.ts';
import { dropDatabase, policyNames } from './databases.ts';
import { readContent, type BackupContent } from './restore-content.ts';
import {
  marker,
  type PlannedDatabase,
  type RestoreDetail,
  type RestoreState,
} from './restore-detail.ts';
import { updateMetadata } from './snapshot-protocol.ts';

/** Servers before 1.8.10 take in only what arrives at once: the next try may be luckier. */
const TRIES = 3;
const HOUR_IN_NANOSECONDS = 3_600_000_000_000n;

/**
 * Creates each database with its retention policies and empty shards. One that bears this run's mark is what an earlier
 * attempt left; nobody knows its shards any more, so it is made anew.
 */
export async function prepareRestore(
  { run, databases }: RestoreDetail,
  backup: BackupReader,
  client: InfluxV1Client,
  takesAway?: () => Promise<unknown>,
): Promise<RestoreState> {
  const content = await readContent(backup);
  const shards: RestoreState['shards'] = {};
  for (const database of databases) {
    for (const [old, created] of await createDatabase(database, run, content, client, takesAway)) {
      shards[old] = created;
    }
  }
  return { version: 1, run, shards };
}

async function createDatabase(
  planned: PlannedDatabase,
  run: string,
  content: BackupContent,
  client: InfluxV1Client,
  takesAway?: () => Promise<unknown>,
): Promise<Map<number, number>> {
  const { name } = planned;
  const { metadata, shards } = compose(planned, run, content);
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    await makeRoom(name, run, client, takesAway);
    const map = await updateMetadata(client.snapshots, name, metadata);
    if (map && shards.every((shard) => map.has(shard))) {
      // Without shards, a refusal and a success are answered alike.
      if (shards.length > 0 || (await bearsMark(name, run, client))) return map;
    }
  }
  await makeRoom(name, run, client, takesAway);
  throw new HoldfastError(
    'TARGET_REFUSED',
    `${client.server} does not create database ${name}: it refused its metadata (${metadata.length} bytes) ${TRIES} times and does not say why.`,
    {
      hint: 'See the log of InfluxDB. Before 1.8.10 it takes in only what arrives at once: run a worker on its own host, restore fewer retention policies at a time, or upgrade it.',
    },
  );
}

/** Removes what an earlier attempt left. @throws DESTINATION_CHANGED when the database, or what it holds, is somebody else's */
async function makeRoom(
  name: string,
  run: string,
  client: InfluxV1Client,
  takesAway?: () => Promise<unknown>,
): Promise<void> {
  const policies = await policyNames(client, name);
  if (policies === undefined) return;
  if (!policies.includes(marker(run))) {
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `Since this restore was planned, somebody created a database ${name} at ${client.server}.`,
    );
  }
  await takesAway?.();
  // Nothing has been uploaded yet.
  if (await holdsAnything(name, client)) {
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `Clients have written into database ${name} at ${client.server}, which this restore had created and would have to create once more. Keep them from writing, and restore again.`,
    );
  }
  await dropDatabase(client, name);
}

async function bearsMark(name: string, run: string, client: InfluxV1Client): Promise<boolean> {
  return (await policyNames(client, name))?.includes(marker(run)) ?? false;
}

function compose(
  { from, name, defaultPolicy, policies }: PlannedDatabase,
  run: string,
  { metadata }: BackupContent,
): { metadata: Buffer; shards: number[] } {
  const known = metadata.databases.find((database) => database.name === from)?.policies ?? [];
  const wanted = policies.map((planned) => {
    const policy = known.find((one) => one.name === planned.from);
    if (policy) return { ...policy, name: planned.name };
    throw new HoldfastError('INTERNAL', `The plan of this restore names an unknown policy.`);
  });
  const mark = {
    name: marker(run),
    duration: 0n,
    groupDuration: HOUR_IN_NANOSECONDS * 168n,
    replicas: 1,
    groups: [],
    subscriptions: [],
  };
  // The server must not remove old shards as expired before they are filled.
  const kept = wanted.map((policy) => ({ ...policy, duration: 0n }));
  return {
    metadata: composeMetadata({ name, defaultPolicy, policies: [...kept, mark] }),
    shards: wanted.flatMap(({ groups }) => groups.flatMap((group) => group.shards)),
  };
}
