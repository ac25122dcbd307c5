import { shardKey, shardsOf, type Bucket } from './buckets.ts';

/**
 * What two lists of buckets name both, as the newer one names it. A list is younger than the metadata that come with it:
 * only what an earlier list named too is surely in them, and the rest belongs to the next backup.
 */
export function inBoth(earlier: Bucket[], newer: Bucket[]): Bucket[] {
  const known = new Map(
    earlier.map((bucket) => [
      bucket.bucketID,
      new Set([...shardsOf(bucket)].map(({ group, shard }) => shardKey(bucket, group, shard))),
    ]),
  );
  return newer.flatMap((bucket) => {
    const keys = known.get(bucket.bucketID);
    return keys ? [withShards(bucket, keys)] : [];
  });
}

function withShards(bucket: Bucket, keys: Set<string>): Bucket {
  return {
    ...bucket,
    retentionPolicies: bucket.retentionPolicies.map((policy) => ({
      ...policy,
      shardGroups: policy.shardGroups.map((group) => ({
        ...group,
        shards: group.shards.filter((shard) => keys.has(shardKey(bucket, group, shard))),
      })),
    })),
  };
}
