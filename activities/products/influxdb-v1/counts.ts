import { measurementAndField } from '../../pipeline/tsm/series-key.ts';
import type { TsmContent } from '../../pipeline/tsm/tsm-content.ts';
import { quoted, type InfluxV1Client } from './client.ts';

export interface Span {
  database: string;
  policy: string;
  /** Nanoseconds, as text: inclusive and exclusive. */
  start: string;
  end: string;
}

/** Measurements that one request asks for. */
const BATCH = 100;

/**
 * Asks the server how many points it has of each measurement and field, and compares that with what the files hold. By
 * this the restored shard is known to be found by queries. Points that the files hold twice count once.
 * @returns undefined when they agree, else the end of a sentence
 */
export async function countDifference(
  client: InfluxV1Client,
  content: TsmContent,
  span: Span,
  subject: string,
): Promise<{ difference?: string; more: boolean }> {
  const expected = expectedCounts(content);
  const measurements = [...expected.keys()];
  const wrong: string[] = [];
  let more = false;
  for (let at = 0; at < measurements.length; at += BATCH) {
    const batch = measurements.slice(at, at + BATCH);
    const answers = await client.query(
      batch.map((measurement) => countStatement(measurement, span)),
      `counting the points of ${subject}`,
    );
    for (const [index, measurement] of batch.entries()) {
      const row = answers[index]?.[0] ?? {};
      for (const [field, { points, overlaps }] of expected.get(measurement) ?? []) {
        const found = Number(row[`count_${field}`] ?? 0);
        if (found > points) more = true;
        else if (found < points && (!overlaps || found === 0)) {
          wrong.push(`${found} of ${points} points of ${measurement} ${field}`);
        }
      }
    }
  }
  if (wrong.length === 0) return { more };
  const rest = wrong.length > 3 ? ` and ${wrong.length - 3} further fields` : '';
  return { more, difference: `the server finds only ${wrong.slice(0, 3).join(', ')}${rest}` };
}

function countStatement(measurement: string, { database, policy, start, end }: Span): string {
  const from = [database, policy, measurement].map(quoted).join('.');
  return `SELECT count(*) FROM ${from} WHERE time >= ${start} AND time < ${end}`;
}

interface Count {
  points: number;
  overlaps: boolean;
}

function expectedCounts(content: TsmContent): Map<string, Map<string, Count>> {
  const counts = new Map<string, Map<string, Count>>();
  for (const [key, { points, overlaps }] of content.keys) {
    const { measurement, field } = measurementAndField(key);
    let fields = counts.get(measurement);
    if (!fields) counts.set(measurement, (fields = new Map<string, Count>()));
    const known = fields.get(field);
    fields.set(field, {
      points: points + (known?.points ?? 0),
      overlaps: overlaps || (known?.overlaps ?? false),
    });
  }
  return counts;
}
