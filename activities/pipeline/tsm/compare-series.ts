import type { Series, TsmContent } from './tsm-content.ts';

export interface SeriesCompared {
  /** The end of a sentence with counts; undefined when nothing that the indexes tell differs. */
  difference: string | undefined;
  /** Series and fields that only their points can tell about, numbered from 1. */
  unsettled: Map<string, number>;
  /** How many points either holds, for sentences. */
  counts: string;
}

/**
 * Compares what the indexes of two shards say: the same series and fields of the same types over the same times, with as
 * many points. Where blocks overlap, a number says nothing: points that repeat each other count once, and a compaction
 * keeps one of each. Nor does one that grew, with `mayGrow`: some may be gone and others new.
 */
export function compareSeries(
  original: TsmContent,
  restored: TsmContent,
  mayGrow: boolean,
): SeriesCompared {
  let [missing, ranges, types, counts] = [0, 0, 0, 0];
  const unsettled = new Map<string, number>();
  for (const [key, series] of original.keys) {
    const other = restored.keys.get(key);
    if (other === undefined) missing += 1;
    else if (other.type !== series.type) types += 1;
    else if (!withinRange(series, other, mayGrow)) ranges += 1;
    else if (isUnsettled(series, other, mayGrow)) unsettled.set(key, unsettled.size + 1);
    else if (series.points !== other.points) counts += 1;
  }
  const surplus = mayGrow ? 0 : restored.keys.size - (original.keys.size - missing);
  const all = original.keys.size;
  const found = [
    missing > 0 && `${missing} of ${all} series and fields are missing`,
    surplus > 0 && `${surplus} series and fields are not in the backup`,
    types > 0 && `${types} of ${all} have another type`,
    ranges > 0 && `${ranges} of ${all} cover another time`,
    counts > 0 && `${counts} of ${all} hold another number of points`,
  ].filter((part) => part !== false);
  const points = `${restored.points} points came back, the backup holds ${original.points}`;
  const difference = found.length === 0 ? undefined : `${found.join(', ')} (${points})`;
  return { difference, unsettled, counts: points };
}

function sameRange(original: Series, restored: Series): boolean {
  return original.min === restored.min && original.max === restored.max;
}

function withinRange(original: Series, restored: Series, mayGrow: boolean): boolean {
  if (!mayGrow) return sameRange(original, restored);
  return restored.min <= original.min && restored.max >= original.max;
}

function isUnsettled(original: Series, restored: Series, mayGrow: boolean): boolean {
  if (original.overlaps || restored.overlaps) return true;
  return mayGrow && (restored.points > original.points || !sameRange(original, restored));
}
