import type { CensusPlace, ObservedPlace } from './census.ts';
import { countOf } from './tally.ts';

type Earlier = ObservedPlace | undefined;

/** By the server's clock, in milliseconds. */
export interface Times {
  /** When no look had begun yet, for sure. */
  before: number;
  /** When the backup began. */
  began: number | undefined;
}

/** What a restore of a place is compared with, by a look before and a look after the backup. */
export function settled(before: Earlier, after: ObservedPlace, times: Times): CensusPlace {
  const { class: name, tenant, count, parts, expires } = after;
  const place = { class: name, ...(tenant !== undefined && { tenant }) };
  if (count === undefined) return { ...place, sample: [] };
  const earlier = before?.count ?? (before ? count : 0);
  const least = Math.min(earlier, count);
  const certain = standing(after) ?? least;
  const sample = after.sample.filter((one) => isSame(before, one));
  const again = {
    sample: sample.map(([id]) => id).filter((id) => isAgain(before, after, id, times)),
    parts: [...(parts ?? []).keys()].filter((at) => isPartAgain(before, after, at, times)),
  };
  return {
    ...place,
    ...(expires && { expires }),
    ...((before?.unsampled || after.unsampled) && { unsampled: true }),
    least,
    most: Math.max(earlier, count),
    ...(certain < least && { certain }),
    sample,
    ...(parts && { parts: parts.map((part, at) => (isSamePart(before, after, at) ? part : null)) }),
    ...(again.sample.length + again.parts.length > 0 && { again }),
  };
}

/**
 * Whether objects were written meanwhile, also when they are as they were: in between they may have been gone.
 * @param compared what `settled` made of the two looks
 */
export function differs(
  before: Earlier,
  after: ObservedPlace,
  compared: CensusPlace,
  began: number | undefined,
): boolean {
  if (!before) return false;
  if (compared.again || compared.parts?.includes(null)) return true;
  const known = new Set(before.sample.map(([id]) => id));
  const same = new Set(compared.sample.map(([id]) => id));
  return after.sample.some(([id]) => {
    if (known.has(id)) return !same.has(id);
    return began !== undefined && (after.stamps?.[id] ?? 0) > began;
  });
}

/**
 * How many objects were there all the while: one that was deleted in between and put back was made anew. A sample does
 * not tell how many those are.
 */
function standing({ parts, made }: ObservedPlace): number | undefined {
  if (!parts || made === undefined) return undefined;
  const stood = parts.reduce((sum, part) => sum + countOf(part), -made);
  // That a place is empty is what it looks like when a restore brings no objects.
  return Math.max(1, stood);
}

function isSame(before: Earlier, [id, digest]: [id: string, digest: string]): boolean {
  return before?.sample.find((one) => one[0] === id)?.[1] === digest;
}

function isSamePart(before: Earlier, after: ObservedPlace, at: number): boolean {
  return before?.parts?.[at] === after.parts?.[at];
}

/** Replicas may bear different times for one object, so that those differ is not enough. */
function isAgain(before: Earlier, after: ObservedPlace, id: string, times: Times): boolean {
  if (!before?.stamps) return false;
  const [old = 0, now = 0] = [before.stamps[id], after.stamps?.[id]];
  return old !== now && Math.max(old, now) > times.before;
}

function isPartAgain(before: Earlier, after: ObservedPlace, at: number, times: Times): boolean {
  if (!before?.stampsOfParts) return false;
  const latest = after.latestOfParts?.[at] ?? Infinity;
  return before.stampsOfParts[at] !== after.stampsOfParts?.[at] && latest > times.before;
}
