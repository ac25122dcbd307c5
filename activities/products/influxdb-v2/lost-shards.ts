import { fullName, parseBuckets, shardsOf, type Bucket } from './buckets.ts';
import type { InfluxClient } from './client.ts';
import { downloadBucketList } from './metadata.ts';
import type { Tokens } from './tokens.ts';

/** Shards of these buckets that the server does not have, or is removing: `acme/telemetry/shard 31`. */
export async function lostShards(
  buckets: Bucket[],
  client: InfluxClient,
  tokens: Tokens,
): Promise<string[]> {
  const text = await downloadBucketList(client, await tokens.operatorAfter());
  const live = new Set<number>();
  for (const bucket of parseBuckets(text, `The metadata of ${client.server}`)) {
    for (const { shard } of shardsOf(bucket)) live.add(shard.id);
  }
  return buckets.flatMap((bucket) =>
    [...shardsOf(bucket)]
      .filter(({ shard }) => !live.has(shard.id))
      .map(({ shard }) => `${fullName(bucket)}/shard ${shard.id}`),
  );
}
