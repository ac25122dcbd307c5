import type { ServerState } from './state.ts';

/** Removes the newest shard groups of every bucket, until `keep` (0 to 1) of them are left. */
export async function shrink(state: ServerState, keep: number): Promise<void> {
  for (const bucket of state.metadata.buckets) {
    const kept = Math.floor(bucket.groups.length * keep);
    for (const group of bucket.groups.slice(kept)) await state.removeShards(group);
    bucket.groups = bucket.groups.slice(0, kept);
  }
}
