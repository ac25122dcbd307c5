import { sees } from '../access.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';
import { type Bucket, now } from '../state.ts';
import { organisationNamed } from './organisations.ts';

interface BucketChange {
  orgID: string;
  name: string;
  description: string;
  retentionRules: RetentionRule[];
}

interface RetentionRule {
  everySeconds?: number;
  shardGroupDurationSeconds?: number;
}

export function bucketBody(bucket: Bucket) {
  const { id, orgID, type, description, name, createdAt, updatedAt } = bucket;
  const self = `/api/v2/buckets/${id}`;
  return {
    id,
    orgID,
    type,
    ...(description ? { description } : {}),
    name,
    retentionRules: [
      {
        type: 'expire',
        everySeconds: bucket.retentionSeconds,
        shardGroupDurationSeconds: bucket.groupSeconds,
      },
    ],
    createdAt,
    updatedAt,
    links: {
      labels: `${self}/labels`,
      members: `${self}/members`,
      org: `/api/v2/orgs/${orgID}`,
      owners: `${self}/owners`,
      self,
      write: `/api/v2/write?org=${orgID}&bucket=${id}`,
    },
    labels: [],
  };
}

/** With an organisation buckets come by name, without one by id; `after` is a place in that order. */
export function listBuckets(exchange: Exchange): void {
  const { searchParams: query } = exchange.url;
  const limit = Number(query.get('limit') ?? 20);
  const offset = Number(query.get('offset') ?? 0);
  if (!(limit >= 1 && limit <= 100)) {
    throw new Refusal('invalid', 'limit must be between 1 and 100');
  }
  const org = query.get('org');
  const orgID = org === null ? query.get('orgID') : organisationNamed(exchange.state, org).id;
  const order = orgID === null ? byId : byName;
  const all = exchange.state.metadata.buckets
    .filter((bucket) => sees(exchange, bucket.orgID))
    .filter((bucket) => orgID === null || bucket.orgID === orgID)
    .filter((bucket) => !query.has('name') || bucket.name === query.get('name'))
    .filter((bucket) => !query.has('id') || bucket.id === query.get('id'))
    .toSorted(order);
  const after = all.findIndex(({ id }) => id === query.get('after')) + 1;
  const page = all.slice(after + offset, after + offset + limit);
  const links: Record<string, string> = {};
  if (offset > 0) links.prev = link(query, limit, Math.max(0, offset - limit));
  links.self = link(query, limit, offset);
  if (page.length === limit) links.next = link(query, limit, offset + limit);
  sendJson(exchange, 200, { links, buckets: page.map(bucketBody) });
}

function link(query: URLSearchParams, limit: number, offset: number): string {
  const named: Record<string, string> = {
    descending: 'false',
    limit: String(limit),
    offset: String(offset),
  };
  for (const [key, value] of query) {
    if (!Object.hasOwn(named, key)) named[key === 'name' ? 'bucket' : key] = value;
  }
  const sorted = Object.entries(named).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `/api/v2/buckets?${new URLSearchParams(sorted).toString()}`;
}

function byId(a: Bucket, b: Bucket): number {
  return a.id < b.id ? -1 : 1;
}

function byName(a: Bucket, b: Bucket): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}

export function getBucket(exchange: Exchange): void {
  sendJson(exchange, 200, bucketBody(bucketOf(exchange)));
}

export async function createBucket(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const {
    orgID = '',
    name = '',
    description,
    retentionRules: [rule] = [],
  } = await readJson<BucketChange>(exchange.request);
  if (orgID === '') throw new Refusal('invalid', 'organization id must be provided');
  if (!sees(exchange, orgID)) {
    throw new Refusal('unauthorized', `write:orgs/${orgID}/buckets is unauthorized`);
  }
  if (name.startsWith('_')) {
    throw new Refusal(
      'invalid',
      `bucket name ${name} is invalid. Buckets may not start with underscore`,
    );
  }
  demandNewBucket(exchange, orgID, name);
  const bucket = state.addBucket(
    orgID,
    name,
    rule?.everySeconds ?? 0,
    rule?.shardGroupDurationSeconds ?? 0,
    description,
  );
  sendJson(exchange, 201, bucketBody(bucket));
}

/** The organisation exists, and the name is free in it. */
export function demandNewBucket({ state }: Exchange, orgID: string, name: string): void {
  if (!state.organisation(({ id }) => id === orgID)) {
    throw new Refusal('not found', 'organization not found');
  }
  if (state.metadata.buckets.some((bucket) => bucket.orgID === orgID && bucket.name === name)) {
    throw new Refusal('conflict', `bucket with name ${name} already exists`);
  }
}

export async function updateBucket(exchange: Exchange): Promise<void> {
  const bucket = bucketOf(exchange);
  const body = await readJson<BucketChange>(exchange.request);
  if (body.name !== undefined && body.name !== bucket.name) {
    const taken = exchange.state.metadata.buckets.some(
      ({ orgID, name }) => orgID === bucket.orgID && name === body.name,
    );
    if (taken) throw new Refusal('conflict', 'bucket name is not unique');
    bucket.name = body.name;
  }
  if (body.description !== undefined) bucket.description = body.description;
  const [rule] = body.retentionRules ?? [];
  if (rule) {
    bucket.retentionSeconds = rule.everySeconds ?? 0;
    if (rule.shardGroupDurationSeconds) bucket.groupSeconds = rule.shardGroupDurationSeconds;
  }
  bucket.updatedAt = now();
  sendJson(exchange, 200, bucketBody(bucket));
}

export async function deleteBucket(exchange: Exchange): Promise<void> {
  await exchange.state.removeBucket(bucketOf(exchange));
  sendNothing(exchange.response);
}

function bucketOf(exchange: Exchange): Bucket {
  const id = exchange.parts[0] ?? '';
  if (id.length !== 16) throw new Refusal('invalid', 'id must have a length of 16 bytes');
  const bucket = exchange.state.bucket(id);
  if (!bucket || !sees(exchange, bucket.orgID)) throw new Refusal('not found', 'bucket not found');
  return bucket;
}
