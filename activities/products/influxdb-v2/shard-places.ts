import { HoldfastError } from '../../failure.ts';
import type { ShardPlace } from '../../pipeline/tsm/compare-files.ts';
import type { RestoreStep } from '../product.ts';
import { stateSchema, type RestoreState } from './restore-detail.ts';

/** What the steps of a restore ask of its state: where each shard goes. Of a whole server, ids are kept. */
export interface ShardPlaces extends RestoreState {
  /** Numbers of shards that go nowhere. */
  leftOutIds: Set<number>;
}

/** Thousands of steps share one state, which is as long as their list. */
const known = new WeakMap<Record<string, unknown>, ShardPlaces>();

export function placesOf(state: Record<string, unknown>): ShardPlaces {
  let places = known.get(state);
  if (places === undefined) {
    const parsed = stateSchema.parse(state);
    places = { ...parsed, leftOutIds: new Set(parsed.leftOut?.ids) };
    known.set(state, places);
  }
  return places;
}

/** The bucket that `prepare` made for a shard; undefined when ids are kept. */
export function bucketOf({ key }: RestoreStep, { buckets }: ShardPlaces) {
  return buckets?.[String(key['bucket'])];
}

/** Its number at the server: of the one that `prepare` made for it, or its own. */
export function shardAt(step: RestoreStep, places: ShardPlaces): number {
  const shard = Number(step.key['shard']);
  if (places.buckets === undefined) return shard;
  const mapped = bucketOf(step, places)?.shards[shard];
  if (mapped !== undefined) return mapped;
  throw new HoldfastError('INTERNAL', `No place was made for ${step.subject}.`);
}

/** Of a whole server, where each shard and bucket keeps its number. Plans of other versions may not name the bucket. */
export function folderOf({ key }: RestoreStep, { buckets }: ShardPlaces): ShardPlace | undefined {
  const { bucket } = key;
  if (buckets || typeof bucket !== 'string') return undefined;
  return { bucket, shard: Number(key['shard']) };
}
