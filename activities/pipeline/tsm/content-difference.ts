import { compareSeries, type SeriesCompared } from './compare-series.ts';
import { PointSet } from './point-set.ts';
import type { TsmContent } from './tsm-content.ts';
import type { VisitSeries } from './tsm-index.ts';

/** Reads a shard, from its beginning each time. */
export type ReadContent = (visit?: VisitSeries) => Promise<TsmContent>;

export interface Shards {
  original: ReadContent;
  restored: ReadContent;
  /** More than the original holds is no fault. */
  mayGrow: boolean;
  /** Where what is kept of the points lies; for tests. */
  points?: PointSet;
}

/**
 * Whether two shards hold the same points, when their files differ because one was compacted. The indexes tell it of most
 * series; where they do not, both shards are read once more and compared time by time. Beyond half a million such points it
 * is one in two of them, or one in four, and so on: a loss of few among very many may then stay unseen.
 * @returns undefined when they do, else the end of a sentence with counts
 */
export async function contentDifference({
  original,
  restored,
  mayGrow,
  points = new PointSet(),
}: Shards): Promise<string | undefined> {
  const { difference, unsettled, counts } = await compareIndexes({ original, restored, mayGrow });
  if (difference !== undefined || unsettled.size === 0) return difference;
  const each = (visit: (series: number, high: number, low: number) => void): VisitSeries => {
    return (key) => {
      const series = unsettled.get(key);
      return series === undefined ? undefined : (high, low) => visit(series, high, low);
    };
  };
  await original(each((series, high, low) => points.add(series, high, low)));
  let surplus = 0;
  await restored(
    each((series, high, low) => {
      if (!points.find(series, high, low)) surplus += 1;
    }),
  );
  const { missing, size, oneIn } = points;
  const series = 'of series that overlap or grew';
  const compared =
    oneIn === 1
      ? `${size} points ${series}`
      : `the ${size} points compared, one in ${oneIn} ${series},`;
  const found = [
    missing > 0 && `${missing} of ${compared} are missing`,
    surplus > 0 && !mayGrow && `${surplus} points are not in the backup`,
  ].filter((part) => part !== false);
  return found.length === 0 ? undefined : `${found.join(', ')} (${counts})`;
}

/** Nothing of what it read stays in memory: the next pass takes as much again. */
async function compareIndexes({ original, restored, mayGrow }: Shards): Promise<SeriesCompared> {
  const there = await restored();
  return compareSeries(await original(), there, mayGrow);
}
