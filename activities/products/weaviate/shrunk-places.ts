import { setTimeout as sleep } from 'node:timers/promises';
import { eachBounded } from '../../each-bounded.ts';
import type { ObservedPlace } from './census.ts';
import { label } from './objects.ts';
import { countOf, type Observer } from './observe.ts';
import { PlaceGone } from './place-gone.ts';

/** Replicas that have not caught up yet count less than there is. */
const RECOUNTS = 3;
const RECOUNT_PAUSE_MS = 1_000;

/**
 * Those that hold fewer objects than before, also when they are counted again.
 * @param after by label; takes in the last count
 */
export async function shrunkPlaces(
  { client, concurrency }: Observer,
  before: readonly ObservedPlace[],
  after: ReadonlyMap<string, ObservedPlace>,
): Promise<ObservedPlace[]> {
  const isShort = (place: ObservedPlace) => {
    const there = after.get(label(place));
    // Of a tenant that fell asleep meanwhile nobody can tell.
    const count = there ? (there.count ?? Infinity) : 0;
    return count < (place.count ?? 0);
  };
  for (let attempt = 0; attempt < RECOUNTS; attempt += 1) {
    const short = before.filter(isShort).flatMap((place) => after.get(label(place)) ?? []);
    if (short.length === 0) break;
    await sleep(RECOUNT_PAUSE_MS, undefined, { signal: client.signal });
    await eachBounded(short, concurrency, async (there) => {
      there.count = await countOf(client, there).catch((error: unknown) => {
        if (error instanceof PlaceGone) return error.gone === 'asleep' ? undefined : 0;
        throw error;
      });
    });
  }
  return before.filter(isShort);
}
