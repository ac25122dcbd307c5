import type { RestoreStep } from '../product.ts';
import { unlessGone } from '../unless-gone.ts';
import { parseBuckets, shardsOf } from './buckets.ts';
import type { InfluxClient } from './client.ts';
import { downloadBucketList } from './metadata.ts';
import type { Tokens } from './tokens.ts';

/**
 * @param shard its id at the server, which kept the one of the backup
 * @returns what the upload failed with
 */
export function unlessShardGone(
  error: unknown,
  { subject, key }: RestoreStep,
  shard: number,
  client: InfluxClient,
  tokens: Tokens,
): Promise<unknown> {
  return unlessGone(error, {
    isGone: () => isGone({ shard, bucket: key['bucket'] }, client, tokens),
    message: `${client.server} has removed ${subject} since its metadata were restored: its data had expired by the retention that its bucket has there, or somebody removed the bucket.`,
    hint: 'Run the restore again; if it happens again, start influxd with a longer `--storage-retention-check-interval` meanwhile.',
  });
}

/** Its metadata tell: to send the shard, the server would store what clients wrote where the upload goes. */
async function isGone(
  { shard, bucket }: { shard: number; bucket: string | number | undefined },
  client: InfluxClient,
  tokens: Tokens,
): Promise<boolean> {
  const text = await downloadBucketList(client, await tokens.operatorAfter());
  const live = parseBuckets(text, `The metadata of ${client.server}`);
  return !live
    .filter(({ bucketID }) => bucketID === bucket)
    .some((one) => [...shardsOf(one)].some(({ shard: { id } }) => id === shard));
}
