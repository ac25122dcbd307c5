import { HoldfastError } from '../../failure.ts';
import { shardName, shardsOf, type Bucket } from './buckets.ts';
import type { Resources } from './resources.ts';
import { hasShard } from './shard.ts';
import type { Tokens } from './tokens.ts';
import { labelOf } from './untouched-label.ts';

/**
 * A server that cannot open a shard answers to new metadata as it does its own faults, when it has taken them, removed
 * every shard that it had, and created some of them anew. No retry brings it any further.
 * @param buckets whose shards are to be uploaded
 * @returns what the restore of the metadata failed with
 */
export async function unlessUnreadable(
  error: unknown,
  run: string,
  buckets: Bucket[],
  resources: Resources,
  tokens: Tokens,
): Promise<unknown> {
  if (!(error instanceof HoldfastError) || error.code !== 'TARGET_ERROR') return error;
  const missing = await firstMissing(run, buckets, resources, tokens).catch(() => undefined);
  if (missing === undefined) return error;
  return new HoldfastError(
    'DESTINATION_UNREADABLE',
    `${resources.client.server} took the metadata of the backup and removed the shards that it had, but could not create them anew: it does not have ${missing}. It refuses the number of a shard that it could not open at its start, whatever is restored, and its log names that one; or its disk is full.`,
    { cause: error },
  );
}

async function firstMissing(
  run: string,
  buckets: Bucket[],
  resources: Resources,
  tokens: Tokens,
): Promise<string | undefined> {
  const token = await tokens.operatorAfter({ afresh: true });
  // Its own metadata may name shards that were never there.
  if (await labelOf(run, resources)) return undefined;
  for (const bucket of buckets) {
    for (const { shard } of shardsOf(bucket)) {
      if (!(await hasShard(resources.client, token, shard.id))) return shardName(bucket, shard.id);
    }
  }
  return undefined;
}
