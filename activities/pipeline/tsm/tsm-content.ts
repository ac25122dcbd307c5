import { readTsm, type TsmKey } from './tsm-index.ts';
import type { TsmSource } from './tsm-source.ts';

/** What a shard holds, however it is cut into files. Memory grows with the number of series, not with the data. */
export class TsmContent {
  readonly keys = new Map<string, Series>();
  points = 0;

  /** Adds a file: its path, or an open one, which is closed then. @throws TsmFault */
  async add(file: string | TsmSource): Promise<void> {
    for await (const key of readTsm(file)) {
      this.points += key.points;
      const known = this.keys.get(key.key);
      this.keys.set(key.key, known ? merged(known, key) : first(key));
    }
  }
}

interface Series {
  type: number;
  min: bigint;
  max: bigint;
  points: number;
  /** Points may repeat each other, and a compaction keeps one of each. */
  overlaps: boolean;
  /** The time range of each file. */
  spans: [bigint, bigint][];
}

function first({ type, min, max, points, overlaps }: TsmKey): Series {
  return { type, min, max, points, overlaps, spans: [[min, max]] };
}

function merged(known: Series, more: TsmKey): Series {
  return {
    type: known.type === more.type ? known.type : -1,
    min: more.min < known.min ? more.min : known.min,
    max: more.max > known.max ? more.max : known.max,
    points: known.points + more.points,
    overlaps:
      known.overlaps ||
      more.overlaps ||
      known.spans.some(([min, max]) => more.min <= max && more.max >= min),
    spans: [...known.spans, [more.min, more.max]],
  };
}

/**
 * Whether two shards hold the same, when their files differ because one was compacted: the same series and fields of
 * the same types over the same times, with as many points. Where points of the original repeat each other, the
 * restored one may hold fewer. With `mayGrow` it may hold more of everything.
 * @returns undefined when they do, else the end of a sentence with counts
 */
export function contentDifference(
  original: TsmContent,
  restored: TsmContent,
  mayGrow: boolean,
): string | undefined {
  let [missing, ranges, types, counts] = [0, 0, 0, 0];
  for (const [key, series] of original.keys) {
    const other = restored.keys.get(key);
    if (other === undefined) missing += 1;
    else if (other.type !== series.type) types += 1;
    else if (!sameRange(series, other, mayGrow)) ranges += 1;
    else if (!sameCount(series, other, mayGrow)) counts += 1;
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
  if (found.length === 0) return undefined;
  return `${found.join(', ')} (${restored.points} points came back, the backup holds ${original.points})`;
}

function sameRange(original: Series, restored: Series, mayGrow: boolean): boolean {
  if (original.min === restored.min && original.max === restored.max) return true;
  return mayGrow && restored.min <= original.min && restored.max >= original.max;
}

function sameCount(original: Series, restored: Series, mayGrow: boolean): boolean {
  if (original.points === restored.points) return true;
  if (restored.points > original.points) return mayGrow;
  return original.overlaps || restored.overlaps;
}
