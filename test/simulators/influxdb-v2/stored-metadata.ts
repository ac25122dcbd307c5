import type { Bucket, Metadata, ServerState, ShardGroup } from './state.ts';
import { emptyMetadata } from './state.ts';
import { readBolt, writeBolt } from './bytes/bolt.ts';
import { rfc3339 } from './go-json.ts';

export function packMetadata(metadata: Metadata): Buffer {
  return writeBolt(Buffer.from(JSON.stringify(metadata)));
}

/** Throws when the bytes are not what `packMetadata` wrote. */
export function unpackMetadata(bytes: Buffer): Metadata {
  return { ...emptyMetadata(), ...(JSON.parse(readBolt(bytes).toString()) as Metadata) };
}

/** One bucket as the metadata of a backup list it, and as a restore takes it. */
export interface ListedBucket {
  organizationID: string;
  organizationName: string;
  bucketID: string;
  bucketName: string;
  description?: string;
  defaultRetentionPolicy: string;
  retentionPolicies: ListedPolicy[];
}

interface ListedPolicy {
  name: string;
  replicaN: number;
  /** Nanoseconds; 0 for ever. */
  duration: number;
  shardGroupDuration: number;
  shardGroups: ListedGroup[];
  subscriptions: unknown[];
}

export interface ListedGroup {
  id: number;
  startTime: string;
  endTime: string;
  deletedAt?: string;
  shards: { id: number; shardOwners: unknown[] }[];
}

export function listBucket(state: ServerState, bucket: Bucket): ListedBucket {
  const owner = state.organisation(({ id }) => id === bucket.orgID);
  return {
    organizationID: bucket.orgID,
    organizationName: owner?.name ?? '',
    bucketID: bucket.id,
    bucketName: bucket.name,
    ...(bucket.description ? { description: bucket.description } : {}),
    defaultRetentionPolicy: 'autogen',
    retentionPolicies: [
      {
        name: 'autogen',
        replicaN: 1,
        duration: bucket.retentionSeconds * 1e9,
        shardGroupDuration: bucket.groupSeconds * 1e9,
        shardGroups: bucket.groups.map(listGroup),
        subscriptions: [],
      },
    ],
  };
}

function listGroup(group: ShardGroup): ListedGroup {
  return {
    id: group.id,
    startTime: rfc3339(BigInt(group.start) * 1_000_000_000n),
    endTime: rfc3339(BigInt(group.end) * 1_000_000_000n),
    ...(group.deletedAt === undefined ? {} : { deletedAt: group.deletedAt }),
    shards: group.shards.map((id) => ({ id, shardOwners: [] })),
  };
}
