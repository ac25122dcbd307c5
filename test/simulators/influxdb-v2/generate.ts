import { generatedBytes } from './generated-shard.ts';
import type { ServerState } from './state.ts';

export interface Generation {
  /** Default: the bucket of the set-up. Created when it is not there. */
  bucket?: string;
  shards: number;
  /** Of the one TSM file of each shard. At least 512. */
  shardBytes: number;
  seed?: string;
}

const HOUR = 3600;
const START = 1_600_000_000 - (1_600_000_000 % HOUR);

export function generate(
  state: ServerState,
  defaults: { org: string; bucket: string },
  generation: Generation,
): void {
  const { shards, shardBytes, seed = 'seed' } = generation;
  const name = generation.bucket ?? defaults.bucket;
  const organisation = state.organisation((one) => one.name === defaults.org);
  if (!organisation) throw new Error('The simulator must be set up before it generates.');
  const bucket =
    state.metadata.buckets.find((one) => one.orgID === organisation.id && one.name === name) ??
    state.addBucket(organisation.id, name, 0, HOUR);
  let start = Math.max(START, ...bucket.groups.map(({ end }) => end));
  for (let i = 0; i < shards; i++, start += HOUR) {
    const group = state.addGroup(bucket, start, start + HOUR);
    const startNs = BigInt(start) * 1_000_000_000n;
    for (const id of group.shards) {
      state.shards
        .get(id)
        ?.addFile('000000001-000000001', generatedBytes(`${seed}/${id}`, shardBytes, startNs));
    }
  }
}
