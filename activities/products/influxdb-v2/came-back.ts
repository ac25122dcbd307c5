import { fullName, isSystem, parseBuckets, shardName, shardsOf, type Bucket } from './buckets.ts';
import type { InfluxClient } from './client.ts';
import { downloadBucketList } from './metadata.ts';
import { retentionOf } from './retention.ts';
import type { Tokens } from './tokens.ts';

/** What a server has after its metadata were replaced, against the buckets whose shards are to be uploaded. */
interface CameBack {
  /** Shards that it may have removed as expired: `acme/telemetry/shard 31`. */
  expired: string[];
  /** Buckets, and shards of buckets that keep for ever, that it does not have at all. */
  unknown: string[];
  /** Buckets of people that had data when the metadata were taken, of which no shard is to be uploaded. */
  empty: string[];
}

export async function cameBack(
  wanted: Bucket[],
  client: InfluxClient,
  tokens: Tokens,
): Promise<CameBack> {
  const text = await downloadBucketList(client, await tokens.operatorAfter());
  const live = parseBuckets(text, `The metadata of ${client.server}`);
  const buckets = new Set(live.map(({ bucketID }) => bucketID));
  const shards = new Set<number>();
  for (const bucket of live) for (const { shard } of shardsOf(bucket)) shards.add(shard.id);
  const found: CameBack = { expired: [], unknown: [], empty: [] };
  for (const bucket of wanted) {
    const missing = [...shardsOf(bucket)].filter(({ shard }) => !shards.has(shard.id));
    if (missing.length === 0) continue;
    const name = fullName(bucket);
    if (!buckets.has(bucket.bucketID)) found.unknown.push(name);
    else {
      const kind = retentionOf(bucket).everySeconds > 0 ? 'expired' : 'unknown';
      found[kind].push(...missing.map(({ shard }) => shardName(bucket, shard.id)));
    }
  }
  const named = new Set(wanted.map(({ bucketID }) => bucketID));
  found.empty = live
    .filter((bucket) => !named.has(bucket.bucketID) && !isSystem(bucket))
    .filter((bucket) => !shardsOf(bucket).next().done)
    .map(fullName);
  return found;
}
