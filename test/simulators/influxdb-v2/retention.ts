import type { ServerState } from './state.ts';

/** Removes the shards that are older than the retention of their bucket, as the server's own service does. */
export async function reap(state: ServerState): Promise<void> {
  const now = Date.now() / 1000;
  for (const bucket of state.metadata.buckets) {
    if (bucket.retentionSeconds === 0) continue;
    for (const group of bucket.groups) {
      if (group.deletedAt !== undefined || group.end > now - bucket.retentionSeconds) continue;
      group.deletedAt = new Date().toISOString();
      await state.removeShards(group);
    }
  }
}
