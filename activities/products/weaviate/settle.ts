import { setTimeout as sleep } from 'node:timers/promises';
import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { CensusPlace, Observation, ObservedPlace } from './census.ts';
import type { WeaviateClass } from './database.ts';
import { droppedMeanwhile, droppedPlaces } from './dropped-places.ts';
import { told } from '../../few.ts';
import { label, type Place } from './objects.ts';
import { countOf, observe, type Observer } from './observe.ts';
import { PlaceGone } from './place-gone.ts';
import { quietTenants } from './tenant-warnings.ts';
import { differs, settled } from './settled-place.ts';
import { CLOCKS_MS } from './time-to-live.ts';
import { isSince, readVersion, SINCE } from './version.ts';
import type { WrittenClass } from './written-classes.ts';

type Held = ReadonlyMap<string, WrittenClass>;

/** Replicas that have not caught up yet count less than there is. */
const RECOUNTS = 3;
const RECOUNT_PAUSE_MS = 1_000;

/**
 * Looks at the database once more and tells writes that went on during the backup from loss. What the backup holds of
 * a part that was written to is one of many states: it is left out of what a restore is compared with.
 * @param held what the server wrote
 * @param began when it began to, by its own clock in milliseconds
 * @throws BACKUP_INCOMPLETE when a class shrank, unless deletions are expected, or a tenant is missing
 */
export async function settle(
  observer: Observer,
  before: Observation,
  held: Held,
  { deletions, began }: { deletions: 'fail' | 'warn'; began: number | undefined },
): Promise<{ places: CensusPlace[]; after: Observation; warnings: Warning[] }> {
  const { client } = observer;
  const now = await observer.database.classes();
  const after = await observe(
    observer,
    now.filter((one) => isOfKind(one, held.get(one.name))),
    { digests: before.digests, ...(began !== undefined && { since: began }) },
  );
  const times = { before: (before.at ?? 0) - CLOCKS_MS, began };
  const known = new Map(before.places.map((place) => [label(place), place]));
  const seen = new Map(after.places.map((place) => [label(place), place]));
  const shrunk = new Map<string, string>();
  const lives = new Set(now.filter((one) => one.timeToLive).map(({ name }) => name));
  const expiring = new Set(
    before.places
      .filter((one) => lives.has(one.class))
      .map(label)
      .filter((one) => seen.has(one)),
  );
  const written: string[] = [];
  for (const place of before.places) {
    if (!held.has(place.class) || place.count === undefined) continue;
    const there = seen.get(label(place));
    const count = await settledCount(client.signal, observer, place, there);
    if (count !== undefined && count < place.count) {
      shrunk.set(label(place), change(place, place.count, count));
    }
  }
  const lost = [...shrunk.values()];
  // What the server removes by itself is nobody's fault.
  const unexplained = [...shrunk].filter(([place]) => !expiring.has(place)).map(([, text]) => text);
  if (unexplained.length > 0 && deletions === 'fail') throw loss(client.server, unexplained);
  requireTenants(observer, after, known, held);
  const compared = after.places.flatMap((place): CensusPlace | CensusPlace[] => {
    const { class: name, tenant, offloaded } = place;
    if (offloaded) return { class: name, tenant, sample: [], absent: 'offloaded' };
    const earlier = known.get(label(place));
    if (isMissing(place, held)) {
      if (earlier) return { class: name, tenant, sample: [], absent: 'left out' };
      written.push(`${label(place)} was made`);
      return [];
    }
    // One that woke up meanwhile may have been written to, and nobody can tell.
    if (earlier && earlier.count === undefined) return { class: name, tenant, sample: [] };
    if ((earlier?.count ?? 0) < (place.count ?? 0)) {
      written.push(change(place, earlier?.count ?? 0, place.count ?? 0));
    } else if (!shrunk.has(label(place)) && differs(earlier, place, times)) {
      written.push(`${label(place)} was changed`);
    }
    return settled(earlier, place, times);
  });
  const warnings: Warning[] = [];
  const warn = (code: string, message: string) => warnings.push({ code, message });
  if (lost.length > 0) {
    const how = unexplained.length > 0 ? 'deleted' : 'deleted, or expired,';
    warn('OBJECTS_DELETED', `Objects were ${how} while the backup was taken: ${told(lost)}.`);
  }
  if (written.length > 0) {
    warn(
      'WRITTEN_DURING_BACKUP',
      `What was written while the backup was taken may or may not be in it: ${told(written)}.`,
    );
  }
  const dropped = droppedPlaces(held, known, seen);
  const places = [...compared, ...dropped];
  warnings.push(...droppedMeanwhile(dropped), ...quietTenants(places));
  return { places, after, warnings };
}

/** One that was made anew, with tenants where it had none, is another class than the backup holds. */
function isOfKind({ multiTenant }: WeaviateClass, written: WrittenClass | undefined): boolean {
  return written !== undefined && (written.multiTenant ?? multiTenant) === multiTenant;
}

/** A tenant of which nothing was written: it was not there, or not active, when the server listed its files. */
function isMissing({ class: name, tenant }: ObservedPlace, held: Held): boolean {
  return tenant !== undefined && !held.get(name)?.names.has(tenant);
}

/**
 * A version that backs up every tenant has no reason to leave out one that held objects.
 * @throws BACKUP_INCOMPLETE
 */
function requireTenants(
  { client }: Observer,
  { weaviate, places }: Observation,
  known: ReadonlyMap<string, ObservedPlace>,
  held: Held,
): void {
  if (!isSince(readVersion(weaviate), SINCE.inactiveTenants)) return;
  const missing = places
    .filter((place) => !place.offloaded && isMissing(place, held))
    .map(label)
    .filter((one) => (known.get(one)?.count ?? 0) > 0);
  if (missing.length === 0) return;
  throw new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${client.server} calls its backup successful, and it lacks what was counted before it: ${told(missing)}.`,
    {
      hint: 'Somebody may have offloaded, or deleted and made anew, those tenants while it was taken.',
    },
  );
}

/** Undefined for a tenant that fell asleep meanwhile: it cannot be told. */
async function settledCount(
  signal: AbortSignal,
  { client }: Observer,
  before: ObservedPlace,
  after: ObservedPlace | undefined,
): Promise<number | undefined> {
  if (after === undefined) return 0;
  let { count } = after;
  for (let attempt = 0; attempt < RECOUNTS; attempt += 1) {
    if (count === undefined || count >= (before.count ?? 0)) return count;
    await sleep(RECOUNT_PAUSE_MS, undefined, { signal });
    count = await countOf(client, after).catch((error: unknown) => {
      if (error instanceof PlaceGone) return error.gone === 'asleep' ? undefined : 0;
      throw error;
    });
    after.count = count;
  }
  return count;
}

function change(place: Place, from: number, to: number): string {
  return `${label(place)} went from ${from} to ${to} objects`;
}

function loss(server: string, shrunk: string[]): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${server} lost objects while the backup was taken: ${told(shrunk)}. Either somebody deleted them, or the database did.`,
    {
      hint: 'Look at what deletes there; where deletions are usual, `connection.deletions: warn` accepts them.',
    },
  );
}
