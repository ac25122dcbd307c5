import { parseLines } from './line-protocol.ts';
import type { Bucket, ServerState } from './state.ts';

/** A point in the time after all that a bucket has, which makes a shard group. */
export function writeLater(state: ServerState, bucket: Bucket): void {
  const last = Math.max(1_800_000_000, ...bucket.groups.map(({ end }) => end));
  for (const { seconds, columns } of parseLines(`late,in=${bucket.name} v=1 ${last}`, 's')) {
    state.shardAt(bucket, seconds).write(columns);
  }
}

export function peoplesBuckets(state: ServerState): Bucket[] {
  return state.metadata.buckets.filter(({ type }) => type === 'user');
}

/** What clients do while metadata are sent. */
export function outrun(state: ServerState): void {
  const buckets = peoplesBuckets(state);
  for (const bucket of buckets) writeLater(state, bucket);
  const [first] = buckets;
  if (!first) return;
  writeLater(state, state.addBucket(first.orgID, `born-${state.metadata.nextShard}`, 0, 0));
}
