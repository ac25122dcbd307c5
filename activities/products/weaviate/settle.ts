import type { Warning } from '../../../workflows/contract/progress.ts';
import { HoldfastError } from '../../failure.ts';
import type { CensusPlace, Observation, ObservedPlace } from './census.ts';
import type { WeaviateClass } from './database.ts';
import { droppedMeanwhile, droppedPlaces } from './dropped-places.ts';
import { told } from '../../few.ts';
import { label, type Place } from './objects.ts';
import { observe, type Observer } from './observe.ts';
import { quietTenants } from './tenant-warnings.ts';
import { differs, settled, type Times } from './settled-place.ts';
import { shrunkPlaces } from './shrunk-places.ts';
import { CLOCKS_MS } from './time-to-live.ts';
import { isSince, readVersion, SINCE } from './version.ts';
import type { WrittenClass } from './written-classes.ts';
import { deletedMeanwhile, writtenMeanwhile } from './written-places.ts';

type Held = ReadonlyMap<string, WrittenClass>;

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
  const { database, client } = observer;
  const classes = await database.classes();
  const same = classes.filter((one) => isOfKind(one, held.get(one.name)));
  const after = await observe(observer, same, { before, began });
  const [known, seen] = [byLabel(before), byLabel(after)];
  const written = before.places.filter((place) => held.has(place.class));
  const shrunk = await shrunkPlaces(observer, written, seen);
  const expiring = new Set(classes.filter((one) => one.timeToLive).map(({ name }) => name));
  // What the server removes by itself is nobody's fault.
  const unexplained = shrunk.filter((one) => !expiring.has(one.class) || !seen.has(label(one)));
  const lost = (places: readonly ObservedPlace[]) =>
    places.map((one) => change(one, one.count, seen.get(label(one))?.count));
  if (unexplained.length > 0 && deletions === 'fail') throw loss(client.server, lost(unexplained));
  requireTenants(observer, after, known, held);
  const { compared, changes } = compareLooks(after, {
    known,
    held,
    times: { before: (before.at ?? 0) - CLOCKS_MS, began },
    shrunk: new Set(shrunk.map(label)),
  });
  const dropped = droppedPlaces(held, known, seen);
  const places = [...compared, ...dropped];
  const warnings = [
    ...deletedMeanwhile(lost(shrunk), unexplained.length > 0 ? 'deleted' : 'deleted, or expired,'),
    ...writtenMeanwhile(changes),
    ...droppedMeanwhile(dropped),
    ...quietTenants(places),
  ];
  return { places, after, warnings };
}

interface Looks {
  /** From the look before the backup; by label. */
  known: ReadonlyMap<string, ObservedPlace>;
  held: Held;
  times: Times;
  /** Labels of those whose loss is told already. */
  shrunk: ReadonlySet<string>;
}

/** What a restore of each place is compared with, and what was written meanwhile. */
function compareLooks(
  after: Observation,
  { known, held, times, shrunk }: Looks,
): { compared: CensusPlace[]; changes: string[] } {
  const changes: string[] = [];
  const compared = after.places.flatMap((place): CensusPlace | CensusPlace[] => {
    const { class: name, tenant, offloaded, count = 0 } = place;
    if (offloaded) return { class: name, tenant, sample: [], absent: 'offloaded' };
    const earlier = known.get(label(place));
    if (isMissing(place, held)) {
      if (earlier) return { class: name, tenant, sample: [], absent: 'left out' };
      changes.push(`${label(place)} was made`);
      return [];
    }
    // One that woke up meanwhile may have been written to, and nobody can tell.
    if (earlier && earlier.count === undefined) return { class: name, tenant, sample: [] };
    const compare = settled(earlier, place, times);
    if ((earlier?.count ?? 0) < count) changes.push(change(place, earlier?.count, count));
    else if (!shrunk.has(label(place)) && differs(earlier, place, compare, times.began)) {
      changes.push(`${label(place)} was changed`);
    }
    return compare;
  });
  return { compared, changes };
}

function byLabel({ places }: Observation): Map<string, ObservedPlace> {
  return new Map(places.map((place) => [label(place), place]));
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

function change(place: Place, from = 0, to = 0): string {
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
