import type { TsmContent } from '../../pipeline/tsm/tsm-content.ts';
import { askMeasurements, heldBy, selectWithin, type Span } from './ask-measurements.ts';
import type { InfluxV1Client } from './client.ts';

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
  const expected = heldBy(content);
  const wrong: string[] = [];
  let more = false;
  const operation = `counting the points of ${subject}`;
  for await (const [measurement, rows] of askMeasurements(client, expected, operation, (name) =>
    selectWithin('count(*)', name, span),
  )) {
    for (const [field, { points, overlaps }] of expected.get(measurement) ?? []) {
      const found = Number(rows[0]?.[`count_${field}`] ?? 0);
      if (found > points) more = true;
      else if (found < points && (!overlaps || found === 0)) {
        wrong.push(`${found} of ${points} points of ${measurement} ${field}`);
      }
    }
  }
  if (wrong.length === 0) return { more };
  const rest = wrong.length > 3 ? ` and ${wrong.length - 3} further fields` : '';
  return { more, difference: `the server finds only ${wrong.slice(0, 3).join(', ')}${rest}` };
}
