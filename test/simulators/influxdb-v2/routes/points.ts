import { gunzipSync } from 'node:zlib';
import { sees } from '../access.ts';
import { FIELD_SEPARATOR } from '../bytes/points.ts';
import { type Exchange, GENERIC, readBody, readJson, Refusal, sendNothing } from '../exchange.ts';
import { parseRfc3339 } from '../go-json.ts';
import { parseLines, splitOutside } from '../line-protocol.ts';
import type { Bucket } from '../state.ts';
import { organisationNamed } from './organisations.ts';

export async function write(exchange: Exchange): Promise<void> {
  const bucket = bucketOfQuery(exchange);
  const body = await readBody(exchange.request);
  const text = exchange.request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  const points = parse(text.toString(), exchange.url.searchParams.get('precision') ?? 'ns');
  const oldest = bucket.retentionSeconds ? Date.now() / 1000 - bucket.retentionSeconds : -Infinity;
  const kept = points.filter(({ seconds }) => seconds >= oldest);
  for (const { seconds, columns } of kept) {
    exchange.state.shardAt(bucket, seconds).write(columns);
  }
  const dropped = points.length - kept.length;
  if (dropped > 0) {
    throw new Refusal(
      'unprocessable entity',
      `failure writing points to database: partial write: points beyond retention policy dropped=${dropped}`,
    );
  }
  sendNothing(exchange.response);
}

function parse(text: string, precision: string) {
  try {
    return parseLines(text, precision);
  } catch (error) {
    throw new Refusal('invalid', error instanceof Error ? error.message : GENERIC);
  }
}

interface Deletion {
  start: string;
  stop: string;
  predicate: string;
}

export async function deletePoints(exchange: Exchange): Promise<void> {
  const body = await readJson<Deletion>(exchange.request);
  const min = timeOf(body, 'start');
  const max = timeOf(body, 'stop');
  const matches = predicate(body.predicate ?? '');
  const bucket = bucketOfQuery(exchange);
  for (const group of bucket.groups) {
    for (const id of group.shards) await exchange.state.shards.get(id)?.delete(matches, min, max);
  }
  sendNothing(exchange.response);
}

function timeOf(body: Partial<Deletion>, field: 'start' | 'stop'): bigint {
  try {
    return parseRfc3339(body[field] ?? '');
  } catch {
    throw new Refusal(
      'invalid',
      `error decoding json body: invalid RFC3339Nano for field ${field}, please format your time with RFC3339Nano format, example: 2009-01-02T23:00:00Z`,
    );
  }
}

/** `tag="value"` joined by `AND`; `_measurement` is a tag too. */
function predicate(text: string): (key: string) => boolean {
  const wanted = [...text.matchAll(/([\w.-]+)\s*=\s*"([^"]*)"/g)].map(([, tag, value]) => [
    tag,
    value,
  ]);
  return (key) => {
    const series = key.slice(0, key.indexOf(FIELD_SEPARATOR));
    const [measurement, ...tags] = splitOutside(series, ',');
    return wanted.every(([tag, value]) =>
      tag === '_measurement' ? measurement === value : tags.includes(`${tag}=${value}`),
    );
  };
}

/** Organisation and bucket may be given by name or by id. */
function bucketOfQuery(exchange: Exchange): Bucket {
  const { state, url } = exchange;
  const org = url.searchParams.get('org') ?? url.searchParams.get('orgID') ?? '';
  const wanted = url.searchParams.get('bucket') ?? url.searchParams.get('bucketID') ?? '';
  const organisation = state.organisation(({ id }) => id === org) ?? organisationNamed(state, org);
  const bucket = state.metadata.buckets.find(
    ({ orgID, id, name }) => orgID === organisation.id && (id === wanted || name === wanted),
  );
  if (!bucket) throw new Refusal('not found', `bucket "${wanted}" not found`);
  if (!sees(exchange, organisation.id)) {
    throw new Refusal('unauthorized', 'unauthorized access');
  }
  return bucket;
}
