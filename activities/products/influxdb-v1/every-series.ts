import type { FieldCounts, Held } from '../../pipeline/tsm/field-counts.ts';
import { askMeasurements, selectWithin, type Span } from './ask-measurements.ts';
import type { InfluxV1Client } from './client.ts';

/** What a point costs the server to count, and a series to look up. */
const POINTS_FOR_A_SERIES = 500;
/** So many rows are answered at the most. */
const MOST_SERIES = 10_000;

/**
 * Whether queries find every series and field in the shard's time, by its first point. Where the files are known to be
 * those of the backup, and none of their points are marked as deleted, every point of a series that is found is found with
 * it, and counting them would have the server read everything once more.
 * @returns undefined where counting the points is no more work, or the server refuses this
 */
export async function everySeriesFound(
  client: InfluxV1Client,
  counts: FieldCounts,
  span: Span,
  subject: string,
): Promise<boolean | undefined> {
  const content = counts.series;
  if (content === undefined) return undefined;
  const series = content.keys.size;
  if (series > MOST_SERIES || content.points < series * POINTS_FOR_A_SERIES) return undefined;
  const [start, end] = [BigInt(span.start), BigInt(span.end)];
  for (const { min, max } of content.keys.values()) if (min < start || max >= end) return undefined;
  const expected = counts.held ?? new Map<string, Map<string, Held>>();
  const operation = `looking for the series of ${subject}`;
  const statementFor = (name: string) => selectWithin('first(*)', name, span, ' GROUP BY *');
  const answers = askMeasurements(client, [...expected.keys()], operation, statementFor);
  for await (const [measurement, rows] of answers) {
    if (rows instanceof Error) return undefined;
    for (const [field, { series: wanted }] of expected.get(measurement) ?? []) {
      const column = `first_${field}`;
      const found = rows.filter((row) => row[column] !== undefined && row[column] !== null).length;
      if (found < wanted) return false;
    }
  }
  return true;
}
