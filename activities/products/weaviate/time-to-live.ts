import type { Warning } from '../../../workflows/contract/progress.ts';
import { told } from '../../few.ts';
import type { CensusPlace } from './census.ts';
import type { WeaviateObject } from './objects.ts';

/** Newer servers remove objects of a class that has this by themselves when their time has come. */
export interface TimeToLive {
  /** `_creationTimeUnix`, `_lastUpdateTimeUnix`, or a property that is a date. */
  since: string;
  seconds: number;
}

/** The clocks of the server and of a worker may differ by so much. */
export const CLOCKS_MS = 10 * 60_000;

/** When an object expires, in milliseconds; undefined for never. */
export function expiryOf(
  object: WeaviateObject,
  { since, seconds }: TimeToLive,
): number | undefined {
  const start = startOf(object, since);
  return start === undefined || Number.isNaN(start) ? undefined : start + seconds * 1_000;
}

function startOf(object: WeaviateObject, since: string): number | undefined {
  if (since === '_creationTimeUnix') return object.creationTimeUnix;
  if (since === '_lastUpdateTimeUnix') return object.lastUpdateTimeUnix;
  const value = (object.properties as Record<string, unknown> | null | undefined)?.[since];
  return typeof value === 'string' ? Date.parse(value) : undefined;
}

/** Whether the server may have removed an object that is missing; backups from before this was noted do not tell. */
export function mayHaveExpired({ expires }: CensusPlace, id: string): boolean {
  if (!expires) return true;
  const at = expires[id];
  return at !== undefined && at - CLOCKS_MS <= Date.now();
}

/** What a restore says of classes of which objects are missing that may have expired. */
export function expiredSince(places: readonly string[]): Warning[] {
  if (places.length === 0) return [];
  return [
    {
      code: 'OBJECTS_EXPIRED',
      message: `Fewer objects are there than the backup was taken from, in classes whose objects expire: which of the others the server removed for that, and which did not come back, cannot be told. ${told(places)}.`,
    },
  ];
}
