import { readTsm, type TsmKey, type VisitSeries } from './tsm-index.ts';
import type { TsmSource } from './tsm-source.ts';

/** What a shard holds, however it is cut into files. Memory grows with the number of series, not with the data. */
export class TsmContent {
  readonly keys = new Map<string, Series>();
  points = 0;

  /** Adds a file: its path, or an open one, which is closed then. @throws TsmFault */
  async add(file: string | TsmSource, visit?: VisitSeries): Promise<void> {
    for await (const key of readTsm(file, visit)) this.include(key);
  }

  include(key: TsmKey): void {
    this.points += key.points;
    const known = this.keys.get(key.key);
    this.keys.set(key.key, known ? merged(known, key) : first(key));
  }
}

export interface Series {
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
