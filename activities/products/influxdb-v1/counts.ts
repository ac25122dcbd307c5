import type { Held } from '../../pipeline/tsm/field-counts.ts';
import { askMeasurements, selectWithin, type Span } from './ask-measurements.ts';
import { countInPieces, type Found } from './count-in-pieces.ts';
import type { InfluxV1Client } from './client.ts';
import { isEscaped } from './escaped-names.ts';

/** After so many measurements that the server refuses to count, each after a while, it is not asked for the rest. */
const MOST_REFUSED = 20;

export interface Counted {
  /** The end of a sentence when queries find less than the files hold. */
  difference?: string;
  /** They find more. */
  more: boolean;
  /** Measurements with escaped names of which they find nothing. */
  hidden: string[];
  /** Why some could not be counted: the end of a sentence. */
  uncounted?: string;
}

/**
 * Asks the server how many points it has of each measurement and field, and compares that with what the files hold. By
 * this the restored shard is known to be found by queries. Points that the files hold twice count once.
 */
export async function countDifference(
  client: InfluxV1Client,
  expected: Map<string, Map<string, Held>>,
  span: Span,
  subject: string,
): Promise<Counted> {
  const wrong: string[] = [];
  const refused: string[] = [];
  const hidden: string[] = [];
  let [more, asked, reason] = [false, 0, ''];
  const operation = `counting the points of ${subject}`;
  const statementFor = (name: string) => selectWithin('count(*)', name, span);
  const answers = askMeasurements(client, [...expected.keys()], operation, statementFor);
  for await (const [measurement, answer] of answers) {
    asked += 1;
    const counts =
      answer instanceof Error
        ? await countInPieces(client, measurement, span, operation, answer)
        : answer;
    if (counts instanceof Error) {
      reason ||= counts.message;
      refused.push(measurement);
      if (refused.length === MOST_REFUSED) break;
      continue;
    }
    const fields = [...(expected.get(measurement) ?? [])].map(([field, held]) => {
      return { field, ...held, found: sum(counts, `count_${field}`) };
    });
    if (isEscaped(measurement) && fields.every(({ found }) => found === 0)) {
      hidden.push(measurement);
      continue;
    }
    for (const { field, points, least, found } of fields) {
      if (found > points) more = true;
      else if (found < least) wrong.push(`${found} of ${points} points of ${measurement} ${field}`);
    }
  }
  const uncounted = refused.length + expected.size - asked;
  return {
    more,
    hidden,
    ...(wrong.length > 0 && {
      difference: `the server finds only ${few(wrong, 'further fields')}`,
    }),
    ...(uncounted > 0 && {
      uncounted: `the server does not count ${uncounted} of ${expected.size} measurements (${few(refused, 'more')}): ${reason}`,
    }),
  };
}

function sum(counts: Found, column: string): number {
  return counts.reduce((total, row) => total + Number(row[column] ?? 0), 0);
}

function few(names: string[], what: string): string {
  const rest = names.length > 3 ? ` and ${names.length - 3} ${what}` : '';
  return names.slice(0, 3).join(', ') + rest;
}
