import { randomUUID } from 'node:crypto';
import { demandReading, demandWriting } from '../access.ts';
import { className, type Collection, type DataObject, type Shard } from '../collection.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';

interface SentObject {
  class: string;
  id: string;
  properties: Record<string, unknown>;
  vector: number[];
  vectors: Record<string, number[]>;
  tenant: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A page of a class in the order of the ids: `after` is the id before it, empty at the start. */
export function listObjects(exchange: Exchange): void {
  demandReading(exchange, 'data');
  const { world, url, response } = exchange;
  const { searchParams } = url;
  const name = className(searchParams.get('class') ?? '');
  const after = searchParams.get('after');
  const limit = Number(searchParams.get('limit') ?? 25);
  const offset = Number(searchParams.get('offset') ?? 0);
  const tenant = searchParams.get('tenant') ?? undefined;
  if (after !== null && after !== '' && !UUID.test(after)) {
    throw new Refusal(422, `msg:cursor api: invalid 'after' parameter code:400 err:${after}`);
  }
  // Without a word, as the real one.
  if (name !== '' && !world.cluster.collection(name)) return sendNothing(exchange.response, 404);
  const collections =
    name === '' ? [...world.cluster.collections.values()] : [demandClass(exchange, name)];
  const found = collections
    .filter((one) => name !== '' || !one.hasTenants)
    .flatMap((one) => shardsOf(one, tenant).flatMap((shard) => objectsOf(one, shard, tenant)))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const from = after === null ? found : found.filter(({ id }) => id > after.toLowerCase());
  const page = after === null ? from.slice(offset, offset + limit) : from.slice(0, limit);
  const withVectors = (searchParams.get('include') ?? '').split(',').includes('vector');
  const objects = page.map((one) => told(one, withVectors, world.origin));
  sendJson(response, 200, { deprecations: [], objects, totalResults: objects.length });
}

function told(
  { vector, vectors, properties, ...object }: DataObject,
  withVectors: boolean,
  origin: string,
) {
  return {
    ...object,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, linked(value, origin)]),
    ),
    ...(withVectors && vector ? { vector } : {}),
    ...(withVectors && vectors ? { vectors } : {}),
    vectorWeights: null,
  };
}

/** The server adds a link to each reference when it answers. */
function linked(value: unknown, origin: string): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((one: unknown) => {
    const { beacon } = (one ?? {}) as { beacon?: unknown };
    if (typeof beacon !== 'string') return one;
    return { beacon, href: `${origin}/v1/objects${new URL(beacon).pathname}` };
  });
}

function demandClass({ world }: Exchange, name: string): Collection {
  const found = world.cluster.collection(name);
  if (!found) throw new Refusal(422, `class "${name}" not found in schema`);
  return found;
}

function shardsOf(collection: Collection, tenant: string | undefined): Shard[] {
  const { name, hasTenants, shards } = collection;
  if (!hasTenants) {
    if (tenant === undefined) return [...shards.values()];
    throw new Refusal(422, `class ${name} has multi-tenancy disabled, but request was with tenant`);
  }
  if (tenant === undefined) {
    throw new Refusal(
      422,
      `class ${name} has multi-tenancy enabled, but request was without tenant`,
    );
  }
  const shard = shards.get(tenant);
  if (!shard) throw new Refusal(422, `tenant not found: "${tenant}"`);
  if (shard.status !== 'ACTIVE') throw new Refusal(422, `tenant not active: '${tenant}'`);
  return [shard];
}

function objectsOf({ name }: Collection, { objects }: Shard, tenant: string | undefined) {
  return [...objects.values()].map((object) => ({
    class: name,
    ...object,
    ...(tenant === undefined ? {} : { tenant }),
  }));
}

export async function writeObject(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'data');
  const sent = await readJson<SentObject>(exchange);
  const collection = demandClass(exchange, className(sent.class ?? ''));
  const object = store(exchange, collection, sent);
  sendJson(exchange.response, 200, { class: collection.name, ...object });
}

/** Each object has a result of its own; the answer is 200 whatever they are. */
export async function writeBatch(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'data');
  const { objects = [] } = await readJson<{ objects: Partial<SentObject>[] }>(exchange);
  const results = objects.map((sent) => {
    const name = className(sent.class ?? '');
    try {
      // A class that is not there is made.
      const { cluster } = exchange.world;
      const collection = cluster.collection(name) ?? cluster.create({ class: name });
      const object = store(exchange, collection, sent);
      return { class: name, ...object, result: { status: 'SUCCESS' } };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return {
        class: name,
        ...sent,
        result: { errors: { error: [{ message }] }, status: 'FAILED' },
      };
    }
  });
  sendJson(exchange.response, 200, results);
}

function store(
  { world }: Exchange,
  collection: Collection,
  { id = randomUUID(), properties = {}, vector, vectors, tenant }: Partial<SentObject>,
): DataObject {
  shardsOf(collection, tenant);
  const key = id.toLowerCase();
  const shard = collection.shardOf(key, tenant);
  if (!shard) throw new Refusal(422, 'no shard for this object');
  const now = world.clock.now().getTime();
  const object: DataObject = {
    id: key,
    properties,
    ...(vector === undefined ? {} : { vector }),
    ...(vectors === undefined ? {} : { vectors }),
    // Also of an object that was there before.
    creationTimeUnix: now,
    lastUpdateTimeUnix: now,
  };
  shard.objects.delete(key);
  shard.objects.set(key, object);
  return object;
}

export function getObject(exchange: Exchange): void {
  demandReading(exchange, 'data');
  const found = located(exchange);
  const withVectors = exchange.url.searchParams.get('include') === 'vector';
  if (!found) sendNothing(exchange.response, 404);
  else sendJson(exchange.response, 200, told(found.object, withVectors, exchange.world.origin));
}

/** It stays the object that it was: only a batch, or an insert, makes one anew. */
export async function mergeObject(exchange: Exchange): Promise<void> {
  demandWriting(exchange, 'data');
  const { properties, vector } = await readJson<SentObject>(exchange);
  const found = located(exchange);
  if (!found) return sendNothing(exchange.response, 404);
  const { id } = found.object;
  const kept = found.shard.objects.get(id);
  if (!kept) return sendNothing(exchange.response, 404);
  found.shard.objects.set(id, {
    ...kept,
    properties: { ...kept.properties, ...properties },
    ...(vector && { vector }),
    lastUpdateTimeUnix: exchange.world.clock.now().getTime(),
  });
  sendNothing(exchange.response, 204);
}

export function deleteObject(exchange: Exchange): void {
  demandWriting(exchange, 'data');
  const found = located(exchange);
  found?.shard.objects.delete(found.object.id);
  sendNothing(exchange.response, 204);
}

function located(exchange: Exchange) {
  const [name = '', id = ''] = exchange.parts;
  const collection = demandClass(exchange, className(name));
  const tenant = exchange.url.searchParams.get('tenant') ?? undefined;
  shardsOf(collection, tenant);
  const shard = collection.shardOf(id.toLowerCase(), tenant);
  const object = shard?.objects.get(id.toLowerCase());
  return shard && object ? { shard, object: { class: collection.name, ...object } } : undefined;
}
