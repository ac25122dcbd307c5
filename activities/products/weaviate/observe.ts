import { crc32 } from 'node:zlib';
import { eachBounded } from '../../each-bounded.ts';
import type { WeaviateClient } from './client.ts';
import type { Observation, ObservedPlace } from './census.ts';
import type { Database, WeaviateClass } from './database.ts';
import { requireEveryShard } from './every-shard.ts';
import { countObjects, isMadeSince, label, type Place, type WeaviateObject } from './objects.ts';
import { ObjectDigest } from './object-digest.ts';
import { PlaceGone } from './place-gone.ts';
import { objectPages, readPage } from './object-pages.ts';
import { Tally } from './tally.ts';
import { expiryOf, type TimeToLive } from './time-to-live.ts';

export interface Observer {
  client: WeaviateClient;
  database: Database;
  proof: 'sample' | 'full';
  concurrency: number;
}

/** Objects of all samples together, and of one. */
const SAMPLED = 4_096;
const SAMPLED_OF_ONE = 64;
/** Texts of digests in all: with them the observation stays far below 16 MiB. */
const PARTS = 65_536;
const PARTS_OF_ONE = 256;
/** Where samples begin: ids are spread over all of them. */
const STARTS = ['', '40', '80', 'c0'];

/** The second look is made as the first one was: else the two could not be compared. */
interface Second {
  before?: Observation;
  /** When the backup began, by the server's clock in milliseconds. */
  began?: number | undefined;
}

/** How closely each place is looked at. */
interface Manner {
  proof: Observer['proof'];
  digest: ObjectDigest;
  /** Every so many places have a sample, of so many objects each. */
  every: number;
  each: number;
  /** Of a full proof. */
  parts: number;
  began: number | undefined;
}

/** Counts every class and tenant, draws a sample of each or digests it whole. Wakes no tenant up. */
export async function observe(
  { client, database, proof, concurrency }: Observer,
  classes: readonly WeaviateClass[],
  { before, began }: Second = {},
): Promise<Observation> {
  const at = Date.now();
  const { version } = await database.meta();
  const places = await placesOf(database, classes);
  const active = Math.max(1, places.filter(({ asleep }) => !asleep).length);
  const digests = before ? before.digests : 'without links';
  const parts = before?.places.find((place) => place.parts)?.parts?.length ?? partsFor(active);
  const manner: Manner = {
    proof,
    digest: new ObjectDigest(digests),
    every: Math.ceil(active / SAMPLED),
    each: Math.min(SAMPLED_OF_ONE, Math.max(1, Math.floor(SAMPLED / active))),
    parts,
    began,
  };
  const lives = new Map(classes.map(({ name, timeToLive }) => [name, timeToLive]));
  const observed: ObservedPlace[] = places.map(({ place, offloaded }) => ({
    ...place,
    ...(offloaded && { offloaded }),
    sample: [],
  }));
  const gone = new Set<string>();
  await eachBounded(places, concurrency, async ({ place, asleep }, index) => {
    if (asleep) return;
    try {
      observed[index] = await lookAt(client, place, manner, lives.get(place.class));
    } catch (error) {
      // Since it was listed it fell asleep, and stays uncounted, or was removed.
      if (!(error instanceof PlaceGone)) throw error;
      if (error.gone === 'absent') gone.add(label(place));
    }
  });
  const there = classes.filter((one) => !gone.has(label({ class: one.name })));
  await requireEveryShard(database, there, client.server);
  return {
    version: 1,
    weaviate: version.text,
    at,
    proof,
    digests,
    classes: there.map(({ name, multiTenant }) => ({ name, multiTenant })),
    aliases: await database.aliases(),
    places: observed.filter((place) => !gone.has(label(place))),
  };
}

async function lookAt(
  client: WeaviateClient,
  place: Place,
  manner: Manner,
  timeToLive: TimeToLive | undefined,
): Promise<ObservedPlace> {
  const { proof, digest, every, each } = manner;
  const sampled = crc32(label(place)) % every === 0;
  const drawn = sampled ? await drawSample(client, place, each) : [];
  const looked = {
    ...place,
    ...(!sampled && proof === 'sample' && { unsampled: true }),
    sample: drawn.map((object): [string, string] => [object.id, digest.textOf(object)]),
    stamps: Object.fromEntries(drawn.map((one) => [one.id, one.lastUpdateTimeUnix ?? 0])),
    ...(timeToLive && { expires: expiriesOf(drawn, timeToLive) }),
  };
  if (proof === 'sample') return { ...looked, count: await countOf(client, place) };
  return { ...looked, ...(await digestAll(client, place, manner)) };
}

async function digestAll(client: WeaviateClient, place: Place, { digest, parts, began }: Manner) {
  const tally = new Tally(parts);
  let made = 0;
  for await (const { objects } of objectPages(client, place)) {
    for (const object of objects) {
      tally.add(object.id, digest.of(object), object.lastUpdateTimeUnix);
      if (began !== undefined && isMadeSince(object, began)) made += 1;
    }
  }
  return {
    count: tally.count,
    parts: tally.parts(),
    stampsOfParts: tally.stamps(),
    ...(began !== undefined && { latestOfParts: tally.latest(), made }),
  };
}

/** Exactly, also where the server has no GraphQL. */
export async function countOf(client: WeaviateClient, place: Place): Promise<number> {
  const count = await countObjects(client, place);
  if (count !== undefined) return count;
  let read = 0;
  for await (const { objects } of objectPages(client, place)) read += objects.length;
  return read;
}

async function drawSample(
  client: WeaviateClient,
  place: Place,
  size: number,
): Promise<WeaviateObject[]> {
  const drawn = new Map<string, WeaviateObject>();
  for (const start of STARTS) {
    const after = start === '' ? undefined : `${start}000000-0000-0000-0000-000000000000`;
    const { objects } = await readPage(client, place, after, Math.ceil(size / STARTS.length));
    for (const object of objects) drawn.set(object.id, object);
    // A small place has been seen whole, or its ids lie in the first quarter.
    if (drawn.size >= size) break;
  }
  return [...drawn.values()].slice(0, size);
}

function expiriesOf(objects: WeaviateObject[], timeToLive: TimeToLive): Record<string, number> {
  const known = objects.flatMap((object) => {
    const at = expiryOf(object, timeToLive);
    return at === undefined ? [] : [[object.id, at] as const];
  });
  return Object.fromEntries(known);
}

interface Found {
  place: Place;
  asleep: boolean;
  offloaded: boolean;
}

async function placesOf(database: Database, classes: readonly WeaviateClass[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const { name, multiTenant } of classes) {
    if (!multiTenant) {
      found.push({ place: { class: name }, asleep: false, offloaded: false });
      continue;
    }
    for (const { name: tenant, active, offloaded } of await database.tenants(name)) {
      found.push({ place: { class: name, tenant }, asleep: !active, offloaded });
    }
  }
  return found;
}

function partsFor(places: number): number {
  let parts = PARTS_OF_ONE;
  while (parts > 1 && parts * places > PARTS) parts /= 2;
  return parts;
}
