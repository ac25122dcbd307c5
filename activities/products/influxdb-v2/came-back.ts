import {
  beginOf,
  fullName,
  isDeleted,
  isSystem,
  parseBuckets,
  shardKey,
  shardName,
  shardsOf,
  type Bucket,
  type ShardGroup,
} from './buckets.ts';
import type { InfluxClient } from './client.ts';
import { downloadBucketList } from './metadata.ts';
import type { LeftOut } from './restore-detail.ts';
import type { Tokens } from './tokens.ts';

/** What a server has after its metadata were replaced, against the buckets whose shards are to be uploaded. */
interface CameBack {
  /** Shards that it removed since: `acme/telemetry/shard 31`. */
  removed: string[];
  /** What the metadata never named. Another bucket may have got the number of such a shard meanwhile. */
  leftOut: LeftOut;
  /** None of the buckets is there: these are other metadata. */
  strange: boolean;
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
  const shards = new Set(live.flatMap(keysOf));
  const deleted = new Set(live.flatMap(deletedGroups));
  const removed: string[] = [];
  const leftOut: LeftOut = { ids: [], shards: [], buckets: [] };
  for (const bucket of wanted) {
    const isThere = buckets.has(bucket.bucketID);
    if (!isThere) leftOut.buckets.push(fullName(bucket));
    for (const { shard, group } of shardsOf(bucket)) {
      if (shards.has(shardKey(bucket, group, shard))) continue;
      const name = shardName(bucket, shard.id);
      if (deleted.has(groupKey(bucket, group))) removed.push(name);
      else {
        leftOut.ids.push(shard.id);
        if (isThere) leftOut.shards.push(name);
      }
    }
  }
  const named = new Set(wanted.map(({ bucketID }) => bucketID));
  return {
    removed,
    leftOut,
    strange: wanted.length > 0 && leftOut.buckets.length === wanted.length,
    empty: live
      .filter((bucket) => !named.has(bucket.bucketID) && !isSystem(bucket))
      .filter((bucket) => !shardsOf(bucket).next().done)
      .map(fullName),
  };
}

function keysOf(bucket: Bucket): string[] {
  return [...shardsOf(bucket)].map(({ shard, group }) => shardKey(bucket, group, shard));
}

/** A group that the server removes stays in its metadata for two weeks, with the time of its removal. */
function deletedGroups(bucket: Bucket): string[] {
  return bucket.retentionPolicies.flatMap(({ shardGroups }) =>
    shardGroups.filter(isDeleted).map((group) => groupKey(bucket, group)),
  );
}

function groupKey({ bucketID }: Bucket, group: ShardGroup): string {
  return `${bucketID}/${group.id}/${beginOf(group)}`;
}
