import { HoldfastError } from '../../failure.ts';
import type { PlannedJob } from '../delegated.ts';
import { isBeforeSchema, timeOf } from './job-status.ts';
import type { JobStatus } from './backup-api.ts';
import type { Node, WeaviateClass } from './database.ts';
import { readGlobal } from './descriptors.ts';
import { readPage } from './object-pages.ts';
import type { Place } from './objects.ts';
import { PlaceGone } from './place-gone.ts';
import { detailOf, type RestoreDetail } from './restore-detail.ts';
import type { Weaviate } from './session.ts';

/** Who made a class that a restore was to bring, as far as it can be told. */
export type Maker = 'the restore' | 'somebody else' | 'unknown';

interface Traces {
  nodes: readonly Node[];
  status: JobStatus | undefined;
  /** Classes that were there before the restore can have made any. */
  early: ReadonlySet<string>;
  /** When the server had written the backup. */
  writtenAt: Date | undefined;
}

async function tracesOf(
  { database, api, storage, signal }: Weaviate,
  name: string,
  early: ReadonlySet<string>,
): Promise<Traces> {
  const global = await readGlobal(storage, name, signal);
  return {
    nodes: await database.nodes('verbose'),
    status: await api.restoreStatus(name),
    early,
    writtenAt: timeOf(global?.completedAt),
  };
}

/**
 * None of the classes was there when the restore began. Shards bear names that are drawn at random, and those of the
 * backup come back with it. Tenants are named by people: of a class that has them, objects tell, since the server alone
 * says when one was made, and a backup brings none that is younger than itself.
 */
export async function makerOf(
  weaviate: Weaviate,
  { name, shards }: RestoreDetail['classes'][number],
  there: WeaviateClass,
  { nodes, status, early, writtenAt }: Traces,
): Promise<Maker> {
  const error = status?.error ?? '';
  if (early.has(name) || refused(error, name)) return 'somebody else';
  const live = nodes.flatMap((node) => node.shards.filter((shard) => shard.class === name));
  if (shards && shards.length > 0 && live.length > 0) {
    return live.every((shard) => shards.includes(shard.name)) ? 'the restore' : 'somebody else';
  }
  if (!shards && !there.multiTenant) return 'somebody else';
  const age = writtenAt && (await ageOf(weaviate, there, writtenAt));
  if (age) return age === 'older' ? 'the restore' : 'somebody else';
  return wasApplied(status) ? 'the restore' : 'unknown';
}

/** Of the classes that it was to bring and that are there now. */
export async function makersOf(
  weaviate: Weaviate,
  plan: PlannedJob,
  early: ReadonlySet<string>,
): Promise<[name: string, maker: Maker][]> {
  const present = new Map((await weaviate.database.classes()).map((one) => [one.name, one]));
  const wanted = detailOf(plan).classes.filter(({ name }) => present.has(name));
  if (wanted.length === 0) return [];
  const traces = await tracesOf(weaviate, plan.name, early);
  const found: [string, Maker][] = [];
  for (const one of wanted) {
    const there = present.get(one.name);
    if (there) found.push([one.name, await makerOf(weaviate, one, there, traces)]);
  }
  return found;
}

function refused(error: string, name: string): boolean {
  return new RegExp(`"${name}":[^"]*already exists`).test(error);
}

/** The server went through its classes, and names those that it could not make. */
function wasApplied(status: JobStatus | undefined): boolean {
  return status?.status === 'SUCCESS' || /could not restore classes: \["/.test(status?.error ?? '');
}

/** Tenants that are looked into, and objects of each. */
const MOST_PLACES = 64;
const MOST_OBJECTS = 16;

/** Whether it holds an object that is older than the end of the backup, or younger ones alone; undefined for none. */
async function ageOf(
  weaviate: Weaviate,
  there: WeaviateClass,
  writtenAt: Date,
): Promise<'older' | 'younger' | undefined> {
  let found: 'younger' | undefined;
  try {
    for (const place of await placesOf(weaviate, there)) {
      for (const made of await timesIn(weaviate, place)) {
        if (made <= writtenAt.getTime()) return 'older';
        found = 'younger';
      }
    }
  } catch (error) {
    // Who may not read objects can still restore: then nothing is told.
    if (!(error instanceof HoldfastError) || error.retryable) throw error;
  }
  return found;
}

async function placesOf(
  { database }: Weaviate,
  { name, multiTenant }: WeaviateClass,
): Promise<Place[]> {
  if (!multiTenant) return [{ class: name }];
  const active = (await database.tenants(name)).filter((tenant) => tenant.active);
  return active.slice(0, MOST_PLACES).map((tenant) => ({ class: name, tenant: tenant.name }));
}

async function timesIn({ client }: Weaviate, place: Place): Promise<number[]> {
  try {
    const { objects } = await readPage(client, place, undefined, MOST_OBJECTS);
    return objects.flatMap(({ creationTimeUnix }) => creationTimeUnix ?? []);
  } catch (error) {
    if (error instanceof PlaceGone) return [];
    throw error;
  }
}

/**
 * Which of the classes are there while the server still downloads: it makes none before that is over. Empty when it has
 * gone on, or nothing runs.
 */
export async function madeEarly(
  { database, api }: Weaviate,
  name: string,
  classes: RestoreDetail['classes'],
): Promise<string[]> {
  const present = new Set((await database.classes()).map((one) => one.name));
  // Asked for afterwards: what was there before this word was there before any class of the restore.
  if (!isBeforeSchema(await api.restoreStatus(name))) return [];
  return classes.map((one) => one.name).filter((one) => present.has(one));
}
