import { z } from 'zod';
import { HoldfastError } from '../../failure.ts';
import { parse } from './lossless-json.ts';

/** A number of the server's that may exceed 2^53. */
const int64 = z.union([z.number().int(), z.bigint()]);
const shardId = z.number().int().nonnegative();

const shardSchema = z.looseObject({ id: shardId });

const shardGroupSchema = z.looseObject({
  id: int64,
  startTime: z.string(),
  endTime: z.string(),
  deletedAt: z.string().nullish(),
  shards: z.array(shardSchema),
});

const retentionPolicySchema = z.looseObject({
  name: z.string(),
  /** Nanoseconds; 0 keeps for ever. */
  duration: int64,
  shardGroupDuration: int64,
  shardGroups: z.array(shardGroupSchema),
});

/** A bucket as the server's metadata names it: the element of its bucket list, and of the official manifest. */
export const bucketSchema = z.looseObject({
  organizationID: z.string(),
  organizationName: z.string(),
  bucketID: z.string(),
  bucketName: z.string(),
  description: z.string().optional(),
  /** Of a directory with several backups: a newer one does not name this bucket, so the metadata do not know it. */
  notInMetadata: z.boolean().optional(),
  retentionPolicies: z.array(retentionPolicySchema),
});

export type Bucket = z.infer<typeof bucketSchema>;
export type ShardGroup = z.infer<typeof shardGroupSchema>;
export type Shard = z.infer<typeof shardSchema>;

/** Parses the server's bucket list without losing a digit. @throws SOURCE_GARBLED */
export function parseBuckets(text: string, where: string): Bucket[] {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new HoldfastError('SOURCE_GARBLED', `${where}: the list of buckets is not JSON.`, {
      cause,
    });
  }
  const checked = z.array(bucketSchema).safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw new HoldfastError(
    'SOURCE_GARBLED',
    `${where}: the list of buckets is not what it should be (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}).`,
  );
}

/** Every shard that can be restored. The server does not create the shards of groups that it is deleting. */
export function* shardsOf(bucket: Bucket): Generator<{ shard: Shard; group: ShardGroup }> {
  for (const policy of bucket.retentionPolicies) {
    for (const group of policy.shardGroups) {
      if (isDeleted(group)) continue;
      for (const shard of group.shards) yield { shard, group };
    }
  }
}

/** A server whose metadata were put back gives numbers of shards again, in other buckets or for other times. */
export function shardKey(
  bucket: Pick<Bucket, 'bucketID'>,
  group: ShardGroup,
  shard: Shard,
): string {
  return `${bucket.bucketID}/${shard.id}/${beginOf(group)}/${Date.parse(group.endTime)}`;
}

/** What 64 bits hold of nanoseconds begins here, in milliseconds: September 1677. */
const EARLIEST_MS = -9_223_372_036_854;

/**
 * When a group begins, in milliseconds. That of the earliest points begins before what a server can store, and once that
 * was started again, or its metadata were restored, it names a time far behind the end of the group instead.
 */
export function beginOf({ startTime, endTime }: ShardGroup): number {
  const begin = Date.parse(startTime);
  return begin < EARLIEST_MS || begin > Date.parse(endTime) ? EARLIEST_MS : begin;
}

export function isDeleted(group: ShardGroup): boolean {
  return group.deletedAt !== undefined && group.deletedAt !== null;
}

/** The server's own buckets, `_monitoring` and `_tasks`. */
export function isSystem(bucket: Bucket): boolean {
  return bucket.bucketName.startsWith('_');
}

type Named = Pick<Bucket, 'bucketID' | 'bucketName' | 'organizationID' | 'organizationName'>;

export function fullName(bucket: Pick<Named, 'bucketName' | 'organizationName'>): string {
  return `${bucket.organizationName}/${bucket.bucketName}`;
}

/** For people, and by which a shard that is gone is told. */
export function shardName(
  bucket: Pick<Named, 'bucketName' | 'organizationName'>,
  shard: number,
): string {
  return `${fullName(bucket)}/shard ${shard}`;
}

export interface BucketFilter {
  organisations?: string[] | undefined;
  buckets?: string[] | undefined;
}

/** Names and ids both select; a bucket also by `organisation/bucket`, since names repeat between organisations. */
export function isSelected(bucket: Named, filter: BucketFilter | undefined): boolean {
  const { organisations, buckets } = filter ?? {};
  return (
    (organisations?.some((wanted) => isOrganisation(bucket, wanted)) ?? true) &&
    (buckets?.some((wanted) => isBucket(bucket, wanted)) ?? true)
  );
}

export function isOrganisation(
  bucket: Pick<Named, 'organizationID' | 'organizationName'>,
  wanted: string,
): boolean {
  return wanted === bucket.organizationName || wanted === bucket.organizationID;
}

export function isBucket(bucket: Named, wanted: string): boolean {
  return wanted === bucket.bucketName || wanted === bucket.bucketID || wanted === fullName(bucket);
}
