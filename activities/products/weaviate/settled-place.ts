import type { CensusPlace, ObservedPlace } from './census.ts';
import { countOf } from './tally.ts';

type Earlier = ObservedPlace | undefined;

/** What a restore of a place is compared with, by a look before and a look after the backup. */
export function settled(
  before: Earlier,
  after: ObservedPlace,
  began: number | undefined,
): CensusPlace {
  const { class: name, tenant, count, parts, expires } = after;
  const place = { class: name, ...(tenant !== undefined && { tenant }) };
  if (count === undefined) return { ...place, sample: [] };
  const earlier = before?.count ?? (before ? count : 0);
  const written = earlier !== count || differs(before, after, began);
  const least = Math.min(earlier, count);
  const certain = written ? standing(before, after) : undefined;
  return {
    ...place,
    ...(expires && { expires }),
    least,
    most: Math.max(earlier, count),
    // That a place is empty is what it looks like when a restore brings no objects.
    ...(certain !== undefined && { certain: Math.min(least, Math.max(1, certain)) }),
    sample: after.sample.filter((one) => isSame(before, after, one)),
    ...(parts && { parts: parts.map((part, at) => (isSamePart(before, after, at) ? part : null)) }),
  };
}

/** Whether objects were written meanwhile, also when they are as they were: in between they may have been gone. */
export function differs(before: Earlier, after: ObservedPlace, began: number | undefined): boolean {
  if (!before) return false;
  if ((before.parts ?? []).some((_, at) => !isSamePart(before, after, at))) return true;
  const known = new Set(before.sample.map(([id]) => id));
  return after.sample.some((one) => {
    const [id] = one;
    if (known.has(id)) return !isSame(before, after, one);
    return began !== undefined && (after.stamps?.[id] ?? 0) > began;
  });
}

/**
 * How many objects were there all the while, since they were not written: deleted in between, they would have been.
 * A sample tells only that some were; where it does not, objects came or went, and the least count stands.
 */
function standing(before: Earlier, after: ObservedPlace): number | undefined {
  const { parts, since, sample } = after;
  if (parts)
    return since === undefined ? 0 : parts.reduce((sum, part) => sum + countOf(part), -since);
  const known = new Set(before?.sample.map(([id]) => id));
  return sample.some((one) => known.has(one[0]) && !isSame(before, after, one)) ? 0 : undefined;
}

function isSame(
  before: Earlier,
  after: ObservedPlace,
  [id, digest]: [id: string, digest: string],
): boolean {
  if (before?.sample.find((one) => one[0] === id)?.[1] !== digest) return false;
  return before.stamps === undefined || before.stamps[id] === after.stamps?.[id];
}

function isSamePart(before: Earlier, after: ObservedPlace, at: number): boolean {
  if (before?.parts?.[at] !== after.parts?.[at]) return false;
  return (
    before?.stampsOfParts === undefined || before.stampsOfParts[at] === after.stampsOfParts?.[at]
  );
}
