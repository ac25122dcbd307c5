import type { Warning } from '../../../workflows/contract/progress.ts';
import { told } from '../../few.ts';
import type { CensusPlace } from './census.ts';
import { label, type Place } from './objects.ts';

/** What a backup says of tenants that it could not look into. */
export function quietTenants(places: readonly CensusPlace[]): Warning[] {
  const absent = (why: CensusPlace['absent']) => places.filter((place) => place.absent === why);
  const uncounted = places.filter((place) => isUncounted(place) && !place.dropped);
  return [
    ...warningOf(
      'TENANTS_NOT_COUNTED',
      uncounted,
      'not active: objects were not counted, and after a restore only names can be compared',
    ),
    ...warningOf(
      'TENANTS_OFFLOADED',
      absent('offloaded'),
      'offloaded, and no backup of Weaviate holds those',
    ),
    ...warningOf(
      'TENANTS_LEFT_OUT',
      absent('left out'),
      'not in the backup: this server leaves out what is not active when it lists its files',
    ),
  ];
}

/** What a restore says of tenants of which it proves nothing. */
export function unprovenTenants(
  named: readonly Place[],
  places: readonly CensusPlace[],
): Warning[] {
  return [
    ...warningOf(
      'TENANTS_NOT_COMPARED',
      named,
      'compared by name alone, not being active, or not having been when the backup was taken',
    ),
    ...warningOf(
      'TENANTS_LEFT_OUT',
      places.filter(({ absent }) => absent !== undefined),
      'not in the backup, having been offloaded, or passed over by the server, when it was taken',
    ),
  ];
}

export function isUncounted({ least, absent }: CensusPlace): boolean {
  return least === undefined && absent === undefined;
}

function warningOf(code: string, places: readonly Place[], what: string): Warning[] {
  const { length } = places;
  if (length === 0) return [];
  const count = length === 1 ? '1 tenant is' : `${length} tenants are`;
  return [{ code, message: `${count} ${what}: ${told(places.map(label))}.` }];
}
