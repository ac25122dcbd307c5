import type { CountWithin, Expected, Verdict } from './compare.ts';
import { inOrder, millisOf, sortable } from './times.ts';

/** A row may expire between a look at the clock and the query, and clocks differ a little. */
const SLACK_MS = 60_000;

/** What of a backup may lie above a cut-off. */
interface Mark {
  time: string;
  least: number;
  most: number;
}

/**
 * Whether a retention explains what lacks. Rows go from the oldest on: above the first cut-off that has not expired, all
 * must be there. Where no such cut-off is left, or most of what should be left lies below it, nothing is proven. Where
 * nobody knows the table's own retention, that of its database may be outdone: what lacks is then neither excused nor
 * blamed.
 */
export async function judgeExpired(
  expected: Expected,
  countWithin: CountWithin,
  now: Date,
  difference: string,
): Promise<Verdict> {
  const { before, after } = expected;
  const different = (reason: string): Verdict => ({ result: 'different', reason });
  const [newest, latest] = inOrder(before?.last, after?.last);
  if (newest === undefined || before?.first === undefined) return different(difference);
  const own = periodOf(expected);
  const period = own === undefined ? expected.databaseRetentionNs : own;
  const marks = marksOf(expected);
  const isExpired = (time: string) =>
    typeof period === 'number' && millisOf(time) < now.getTime() - period / 1e6 + SLACK_MS;
  if (!isExpired(before.first)) {
    const whole = own === undefined && (await wholeAbove(marks, latest, countWithin));
    return different(whole ? difference + ofOldEnd(whole) : difference);
  }
  if (isExpired(newest)) return { result: 'uncounted', because: 'retention' };
  const upToNewest = await countWithin({ upTo: newest });
  if (upToNewest.rows === null) return { result: 'uncounted' };
  if (upToNewest.last === undefined || sortable(upToNewest.last) < sortable(newest)) {
    return different(`${difference}; its row of ${newest} lacks, which has not expired`);
  }
  const at = marks.findIndex(({ time }) => !isExpired(time));
  const mark = marks[at];
  if (!mark) return { result: 'uncounted', because: 'retention' };
  if (own === undefined) {
    const whole = await wholeAbove(marks, latest, countWithin);
    if (whole === null) return { result: 'uncounted' };
    return whole ? { result: 'uncounted', because: 'retention' } : different(difference);
  }
  const { rows } = await countWithin({ after: mark.time, upTo: latest });
  if (rows === null) return { result: 'uncounted' };
  if (!isWithin(rows, mark)) {
    return different(
      `${difference}; of those after ${mark.time}, of which none has expired, it has ${rows}, and the backup ${mark.least}`,
    );
  }
  const below = (marks[at - 1]?.most ?? Math.max(before.rows ?? 0, after?.rows ?? 0)) - mark.least;
  return mark.least * 2 < below
    ? { result: 'uncounted', because: 'retention' }
    : { result: 'equivalent', because: 'retention' };
}

/** The shorter one, where it was changed meanwhile: the backup may hold either. Undefined when it is not known. */
function periodOf({ before, after }: Expected): number | null | undefined {
  const [a, b] = [before?.retentionNs, after?.retentionNs];
  if (a === undefined || b === undefined) return undefined;
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function marksOf({ before, after }: Expected): Mark[] {
  const later = new Map(after?.above);
  return (before?.above ?? []).flatMap(([time, rows]) => {
    const other = later.get(time);
    if (other === undefined) return [];
    return [{ time, least: Math.min(rows, other), most: Math.max(rows, other) }];
  });
}

/** The first mark above which nothing lacks; null when that cannot be counted. */
async function wholeAbove(
  marks: Mark[],
  latest: string,
  countWithin: CountWithin,
): Promise<Mark | null | undefined> {
  for (const mark of marks) {
    const { rows } = await countWithin({ after: mark.time, upTo: latest });
    if (rows === null) return null;
    if (isWithin(rows, mark)) return mark;
  }
  return undefined;
}

/** For a person who knows the retention that nobody told. */
function ofOldEnd({ time }: Mark): string {
  return `; all that lacks is of ${time} or older, as if it had expired, but the retention of the table is not known, so it may be lost as well`;
}

function isWithin(rows: number, { least, most }: Mark): boolean {
  return rows >= least && rows <= most;
}
