import type { ServerState, ShardGroup } from './state.ts';

/** Removes the shards that are older than the retention of their bucket, as the server's own service does. */
export async function reap(state: ServerState): Promise<void> {
  const now = Date.now() / 1000;
  for (const bucket of state.metadata.buckets) {
    if (bucket.retentionSeconds === 0) continue;
    for (const group of bucket.groups) {
      if (group.deletedAt !== undefined || group.end > now - bucket.retentionSeconds) continue;
      await remove(state, group);
    }
  }
}

/** Removes the group of one shard, as if its time had come. */
export async function expire(state: ServerState, shard: number): Promise<void> {
  const groups = state.metadata.buckets.flatMap((bucket) => bucket.groups);
  const group = groups.find(({ shards }) => shards.includes(shard));
  if (group) await remove(state, group);
}

async function remove(state: ServerState, group: ShardGroup): Promise<void> {
  group.deletedAt = new Date().toISOString();
  await state.removeShards(group);
}
