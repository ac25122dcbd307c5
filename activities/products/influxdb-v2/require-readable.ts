import type { Warning } from '../../../workflows/contract/progress.ts';
import { eachBounded } from '../../each-bounded.ts';
import { HoldfastError } from '../../failure.ts';
import { told } from '../../few.ts';
import type { Manifest } from '../../catalog/manifest.ts';
import type { BackupContent } from './backup-content.ts';
import { beginOf, shardName, shardsOf, type Bucket } from './buckets.ts';
import type { Resources } from './resources.ts';
import { startedAt } from './server-now.ts';
import { hasShard } from './shard.ts';
import type { Tokens } from './tokens.ts';

/** Questions to the destination at a time. */
const AT_A_TIME = 4;

interface Destination {
  /** As its metadata name them. */
  buckets: Bucket[];
  content: BackupContent;
  backup: Manifest;
  resources: Resources;
  tokens: Tokens;
}

/**
 * A server does not take a whole restore while it has a shard that it could not open at its start: it removes all
 * others, and breaks off there. It answers for that one as for one to which nothing was ever written, so it is refused
 * only where the backup tells that there was something, and older shards are still there to be lost.
 * @throws DESTINATION_UNREADABLE
 */
export async function requireReadable(destination: Destination): Promise<Warning[]> {
  const { resources, backup, content } = destination;
  const started = await startedAt(resources.client);
  const { absent, present } = await lookFor(destination, started);
  if (absent.length === 0) return [];
  const own = backup.product.identity === (await resources.firstUser());
  const held = own ? heldBy(content) : new Set<string>();
  const lost = absent.filter(({ key }) => held.has(key));
  // With its engine moved away it has none but what is written since, and takes the restore.
  const keeps = present.some(({ key, end }) => held.has(key) && end < started);
  if (lost.length > 0 && keeps) throw unreadable(lost, resources);
  return [lacks(absent, resources)];
}

interface Found {
  name: string;
  /** Of a shard and its bucket, which keep their ids in a backup. */
  key: string;
  end: number;
}

async function lookFor(
  { buckets, resources, tokens }: Destination,
  started: number,
): Promise<{ absent: Found[]; present: Found[] }> {
  const begun = buckets.flatMap((bucket) =>
    [...shardsOf(bucket)]
      .filter(({ group }) => beginOf(group) < started)
      .map(({ shard, group }) => ({
        shard: shard.id,
        name: shardName(bucket, shard.id),
        key: `${bucket.bucketID}/${shard.id}`,
        end: Date.parse(group.endTime),
      })),
  );
  const found: { absent: Found[]; present: Found[] } = { absent: [], present: [] };
  await eachBounded(begun, AT_A_TIME, async (one) => {
    const there = await hasShard(resources.client, await tokens.operator(), one.shard);
    found[there ? 'present' : 'absent'].push(one);
  });
  return found;
}

function heldBy({ manifest, shards }: BackupContent): Set<string> {
  const holdsData = (id: number) =>
    shards.get(id)?.[0]?.entries?.some(({ name }) => name.endsWith('.tsm')) ?? true;
  return new Set(
    manifest.buckets.flatMap((bucket) =>
      [...shardsOf(bucket)]
        .filter(({ shard }) => holdsData(shard.id))
        .map(({ shard }) => `${bucket.bucketID}/${shard.id}`),
    ),
  );
}

function unreadable(lost: Found[], { client }: Resources): HoldfastError {
  return new HoldfastError(
    'DESTINATION_UNREADABLE',
    `${client.server} names ${told(names(lost))}, of which the backup holds data, and does not have them: influxd could not open them at its start. It would remove every other shard and then refuse the restore; nothing was changed.`,
  );
}

function lacks(absent: Found[], { client }: Resources): Warning {
  return {
    code: 'DESTINATION_LACKS_SHARDS',
    message: `${client.server} names ${told(names(absent))} and does not have them. Either nothing was ever written to them, or influxd could not open them at its start, and then its log says so: in that case it removes every other shard and refuses the restore. To be sure, stop influxd, move its \`engine\` folder away and start it before.`,
  };
}

function names(found: Found[]): string[] {
  return found.map(({ name }) => name).toSorted();
}
