import { measurementAndField } from '../../pipeline/tsm/series-key.ts';
import type { TsmContent } from '../../pipeline/tsm/tsm-content.ts';
import { quoted, type InfluxV1Client, type Row } from './client.ts';

export interface Span {
  database: string;
  policy: string;
  /** Nanoseconds, as text: inclusive and exclusive. */
  start: string;
  end: string;
}

/** What the files of a shard hold of one field of a measurement. */
export interface Held {
  series: number;
  points: number;
  overlaps: boolean;
}

/** By measurement and field. */
export function heldBy(content: TsmContent): Map<string, Map<string, Held>> {
  const counts = new Map<string, Map<string, Held>>();
  for (const [key, { points, overlaps }] of content.keys) {
    const { measurement, field } = measurementAndField(key);
    let fields = counts.get(measurement);
    if (!fields) counts.set(measurement, (fields = new Map<string, Held>()));
    const known = fields.get(field);
    fields.set(field, {
      series: 1 + (known?.series ?? 0),
      points: points + (known?.points ?? 0),
      overlaps: overlaps || (known?.overlaps ?? false),
    });
  }
  return counts;
}

/** Measurements that one request asks for. */
const BATCH = 100;

/** The answer to a statement for each measurement. */
export async function* askMeasurements(
  client: InfluxV1Client,
  expected: Map<string, unknown>,
  operation: string,
  statementFor: (measurement: string) => string,
): AsyncGenerator<[string, Row[]]> {
  const measurements = [...expected.keys()];
  for (let at = 0; at < measurements.length; at += BATCH) {
    const batch = measurements.slice(at, at + BATCH);
    const answers = await client.query(batch.map(statementFor), operation);
    for (const [index, measurement] of batch.entries()) yield [measurement, answers[index] ?? []];
  }
}

/** @param grouped the end of the statement */
export function selectWithin(
  what: string,
  measurement: string,
  { database, policy, start, end }: Span,
  grouped = '',
): string {
  const from = [database, policy, measurement].map(quoted).join('.');
  return `SELECT ${what} FROM ${from} WHERE time >= ${start} AND time < ${end}${grouped}`;
}
