import { createHash, randomBytes } from 'node:crypto';
import { Shard } from './shard.ts';

export interface Organisation {
  id: string;
  name: string;
  description: string;
  createdAt: string;
  updatedAt: string;
}

export interface ShardGroup {
  id: number;
  /** Seconds since 1970, the end exclusive. */
  start: number;
  end: number;
  deletedAt?: string;
  shards: number[];
}

export interface Bucket {
  id: string;
  orgID: string;
  type: 'user' | 'system';
  name: string;
  description?: string;
  /** 0 for ever. */
  retentionSeconds: number;
  groupSeconds: number;
  createdAt: string;
  updatedAt: string;
  groups: ShardGroup[];
}

export interface Authorisation {
  id: string;
  /** One of the two, as the server keeps it. */
  token?: string;
  hashedToken?: string;
  description: string;
  orgID: string;
  operator: boolean;
}

export interface Mapping {
  id: string;
  orgID: string;
  bucketID: string;
  database: string;
  retention_policy: string;
  default: boolean;
}

export interface Label {
  id: string;
  orgID: string;
  name: string;
}

/** In the order in which the server keeps it. */
export interface Task {
  id: string;
  name: string;
  status: 'active' | 'inactive';
  flux: string;
}

export interface Scraper {
  id: string;
  name: string;
  type: string;
  url: string;
  /** Left out where it is false, as the ids are of an organisation or a bucket that was deleted. */
  allowInsecure?: boolean;
  orgID?: string;
  bucketID?: string;
}

/** The server keeps them in its SQL store, and its queues in folders beside it. */
export interface Replication {
  id: string;
  name: string;
  orgID: string;
  localBucketID: string;
}

/** What `/backup/kv` holds and `/restore/kv` replaces. */
export interface Metadata {
  /** The first user's, whom the set-up made. */
  userID: string;
  organisations: Organisation[];
  buckets: Bucket[];
  authorisations: Authorisation[];
  mappings: Mapping[];
  labels: Label[];
  tasks: Task[];
  scrapers: Scraper[];
  replications: Replication[];
  nextGroup: number;
  nextShard: number;
}

/** The whole of a simulated server: metadata, shards and the time it runs. */
export class ServerState {
  metadata: Metadata = emptyMetadata();
  readonly shards = new Map<number, Shard>();
  startedAt = new Date();
  /** Replications that a restore brought have none until the server is started anew. */
  queuesMissing = false;

  organisation(test: (organisation: Organisation) => boolean): Organisation | undefined {
    return this.metadata.organisations.find(test);
  }

  bucket(id: string): Bucket | undefined {
    return this.metadata.buckets.find((bucket) => bucket.id === id);
  }

  addOrganisation(name: string, description = ''): Organisation {
    const at = now();
    const organisation = { id: newId(), name, description, createdAt: at, updatedAt: at };
    this.metadata.organisations.push(organisation);
    const day = 86_400;
    this.addBucket(organisation.id, '_tasks', 3 * day, day, 'System bucket for task logs');
    this.addBucket(
      organisation.id,
      '_monitoring',
      7 * day,
      day,
      'System bucket for monitoring logs',
    );
    return organisation;
  }

  addBucket(
    orgID: string,
    name: string,
    retentionSeconds: number,
    groupSeconds: number,
    description?: string,
  ): Bucket {
    const at = now();
    const bucket: Bucket = {
      id: newId(),
      orgID,
      type: name.startsWith('_') ? 'system' : 'user',
      name,
      ...(description === undefined ? {} : { description }),
      retentionSeconds,
      groupSeconds: groupSeconds || groupSecondsFor(retentionSeconds),
      createdAt: at,
      updatedAt: at,
      groups: [],
    };
    this.metadata.buckets.push(bucket);
    return bucket;
  }

  async removeBucket(bucket: Bucket): Promise<void> {
    for (const group of bucket.groups) await this.removeShards(group);
    this.metadata.buckets = this.metadata.buckets.filter(({ id }) => id !== bucket.id);
    this.metadata.mappings = this.metadata.mappings.filter(
      ({ bucketID }) => bucketID !== bucket.id,
    );
  }

  /** The shards exist unless the group is a deleted one. */
  addGroup(
    bucket: Bucket,
    start: number,
    end: number,
    { deletedAt, shards = 1 }: { deletedAt?: string | undefined; shards?: number } = {},
  ): ShardGroup {
    const group: ShardGroup = {
      id: this.metadata.nextGroup++,
      start,
      end,
      shards: Array.from({ length: shards }, () => this.metadata.nextShard++),
      ...(deletedAt === undefined ? {} : { deletedAt }),
    };
    const later = bucket.groups.findLastIndex((other) => other.start <= start) + 1;
    bucket.groups.splice(later, 0, group);
    if (deletedAt === undefined) this.openShards(bucket, group);
    return group;
  }

  /** The shard of a time in seconds, created when it is the first point of its group. */
  shardAt(bucket: Bucket, seconds: number): Shard {
    const group =
      bucket.groups.find(
        ({ start, end, deletedAt }) => seconds >= start && seconds < end && deletedAt === undefined,
      ) ?? this.addGroup(bucket, ...groupRange(seconds, bucket.groupSeconds));
    const shard = this.shards.get(group.shards[0] ?? -1);
    if (!shard) throw new Error(`shard group ${group.id} has no shards`);
    return shard;
  }

  openShards(bucket: Bucket, group: ShardGroup): void {
    for (const id of group.shards) this.shards.set(id, new Shard(id, bucket.id));
  }

  async removeShards(group: ShardGroup): Promise<void> {
    for (const id of group.shards) {
      await this.shards.get(id)?.clear();
      this.shards.delete(id);
    }
  }

  addAuthorisation(
    token: string,
    orgID: string,
    operator: boolean,
    readable: boolean,
  ): Authorisation {
    const authorisation = {
      id: newId(),
      ...(readable ? { token } : { hashedToken: hashOf(token) }),
      description: operator ? "admin's Token" : 'all access',
      orgID,
      operator,
    };
    this.metadata.authorisations.push(authorisation);
    return authorisation;
  }
}

export function emptyMetadata(): Metadata {
  return {
    userID: newId(),
    organisations: [],
    buckets: [],
    authorisations: [],
    mappings: [],
    labels: [],
    tasks: [],
    scrapers: [],
    replications: [],
    nextGroup: 1,
    nextShard: 1,
  };
}

export function newId(): string {
  return `0${randomBytes(8).toString('hex').slice(1)}`;
}

export function now(): string {
  return new Date().toISOString();
}

export function hashOf(token: string): string {
  const hash = createHash('sha256').update(token).digest('base64');
  return `$influxdb2-sha256$${hash.replaceAll('+', '-').replaceAll('/', '_')}`;
}

/** Groups are cut as Go truncates a time: counted from the year 1. */
const YEAR_ONE = 62_135_596_800;

function groupRange(seconds: number, length: number): [number, number] {
  const start = Math.floor((seconds + YEAR_ONE) / length) * length - YEAR_ONE;
  return [start, start + length];
}

function groupSecondsFor(retentionSeconds: number): number {
  const day = 86_400;
  if (retentionSeconds === 0 || retentionSeconds >= 180 * day) return 7 * day;
  return retentionSeconds >= 2 * day ? day : 3600;
}
