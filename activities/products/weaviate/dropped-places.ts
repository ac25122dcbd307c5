import type { Warning } from '../../../workflows/contract/progress.ts';
import { told } from '../../few.ts';
import type { CensusPlace, ObservedPlace } from './census.ts';
import { label, type Place } from './objects.ts';
import type { WrittenClass } from './written-classes.ts';

/**
 * What the server wrote and what is gone now. A restore brings it back all the same, with what it held when the server
 * came to it, which nobody has counted.
 * @param before by label; as is `after`
 */
export function droppedPlaces(
  written: ReadonlyMap<string, WrittenClass>,
  before: ReadonlyMap<string, ObservedPlace>,
  after: ReadonlyMap<string, ObservedPlace>,
): CensusPlace[] {
  const places = [...written].flatMap(([name, { multiTenant, names }]): Place[] => {
    return multiTenant ? [...names].map((tenant) => ({ class: name, tenant })) : [{ class: name }];
  });
  return places
    .filter((place) => !after.has(label(place)))
    .map((place) => {
      const earlier = before.get(label(place));
      // A tenant that was not active was not counted then either.
      if (earlier && earlier.count === undefined) return { ...place, sample: [], dropped: true };
      return { ...place, least: 0, most: earlier?.count ?? 0, sample: [], dropped: true };
    });
}

/** What a backup says of them. */
export function droppedMeanwhile(places: readonly Place[]): Warning[] {
  return warningOf(
    'What the backup holds of these, which were dropped while it was taken, cannot be compared after a restore',
    places.map(label),
  );
}

/** What a restore says of them: with what came back, for people. */
export function unprovenDropped(
  found: readonly { place: CensusPlace; count?: number | undefined }[],
): Warning[] {
  return warningOf(
    'Nothing is proven of these, which were dropped while the backup was taken',
    found.map(({ place, count }) => {
      if (count === undefined || place.most === undefined) return label(place);
      return `${label(place)} (came back with ${count} objects, counted before: ${place.most})`;
    }),
  );
}

function warningOf(what: string, names: string[]): Warning[] {
  if (names.length === 0) return [];
  return [{ code: 'DROPPED_DURING_BACKUP', message: `${what}: ${told(names)}.` }];
}
