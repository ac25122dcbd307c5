import { boundsOf } from './expectations.ts';
import { judgeSurplus } from './surplus.ts';
import { inOrder, isAfter, millisOf } from './times.ts';
import {
  different,
  EQUIVALENT,
  type Expected,
  GONE_BY_RETENTION,
  type Restored,
  UNCOUNTED,
  type Verdict,
} from './verdict.ts';

/** A row may expire between a look at the clock and the query, and clocks differ a little. */
const SLACK_MS = 60_000;

/** What of a backup may lie above a cut-off, up to its newest row. */
interface Mark {
  time: string;
  upTo: string;
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
  difference: string,
  view: Expected,
  restored: Restored,
): Promise<Verdict> {
  const { before, after } = view;
  const [newest, latest] = inOrder(before?.last, after?.last);
  if (newest === undefined || before?.first === undefined) return different(difference);
  const own = periodOf(view);
  const isExpired = expiryOf(view, restored.now);
  const marks = marksOf(view, latest);
  if (!isExpired(before.first)) {
    const hint = own === undefined ? await ofOldEnd(difference, marks, restored) : '';
    return different(difference + hint);
  }
  if (isExpired(newest)) return GONE_BY_RETENTION;
  const upToNewest = await restored.count({ upTo: newest });
  if (upToNewest.rows === null) return UNCOUNTED;
  if (upToNewest.last === undefined || isAfter(newest, upToNewest.last)) {
    return different(`${difference}; its row of ${newest} lacks, which has not expired`);
  }
  const at = marks.findIndex(({ time }) => !isExpired(time));
  const mark = marks[at];
  if (!mark) return GONE_BY_RETENTION;
  if (own === undefined) return judgeUnknownPeriod(difference, marks, restored);
  const verdict = await judgeAbove(difference, mark, restored);
  if (verdict.result !== 'equivalent') return verdict;
  const below = (marks[at - 1] ?? boundsOf(view)).most - mark.least;
  return mark.least * 2 < below
    ? GONE_BY_RETENTION
    : { result: 'equivalent', because: 'retention' };
}

/** Where nobody knows the retention: only what lacks at the old end may have gone by it. */
async function judgeUnknownPeriod(
  difference: string,
  marks: Mark[],
  restored: Restored,
): Promise<Verdict> {
  const { verdict } = (await firstHeld(difference, marks, restored)) ?? {};
  if (!verdict) return different(difference);
  return verdict.result === 'equivalent' ? GONE_BY_RETENTION : verdict;
}

/** The shorter one, where it was changed meanwhile: the backup may hold either. Undefined when it is not known. */
function periodOf({ before, after }: Expected): number | null | undefined {
  const [a, b] = [before?.retentionNs, after?.retentionNs];
  if (a === undefined || b === undefined) return undefined;
  return a === null ? b : b === null ? a : Math.min(a, b);
}

/** Tells of a time whether rows of it have gone; of the database where the table does not tell. */
export function expiryOf(view: Expected, now: Date): (time: string) => boolean {
  const own = periodOf(view);
  const period = own === undefined ? view.databaseRetentionNs : own;
  if (typeof period !== 'number') return () => false;
  const since = now.getTime() - period / 1e6 + SLACK_MS;
  return (time) => millisOf(time) < since;
}

function marksOf({ before, after }: Expected, upTo: string): Mark[] {
  const later = new Map(after?.above);
  return (before?.above ?? []).flatMap(([time, rows]) => {
    const other = later.get(time);
    if (other === undefined) return [];
    return [{ time, upTo, least: Math.min(rows, other), most: Math.max(rows, other) }];
  });
}

/** Whether all rows above a cut-off are there. */
async function judgeAbove(
  difference: string,
  { time, upTo, least, most }: Mark,
  restored: Restored,
): Promise<Verdict> {
  const { rows } = await restored.count({ after: time, upTo });
  if (rows === null) return UNCOUNTED;
  const reason = `${difference}; of those after ${time}, of which none has expired, it has ${rows}, and the backup ${least}`;
  if (rows > most) return judgeSurplus(reason, { after: time, upTo, most }, restored);
  return rows < least ? different(reason) : EQUIVALENT;
}

/** The first cut-off above which nothing is known to lack. */
async function firstHeld(
  difference: string,
  marks: Mark[],
  restored: Restored,
): Promise<{ mark: Mark; verdict: Verdict } | undefined> {
  for (const mark of marks) {
    const verdict = await judgeAbove(difference, mark, restored);
    if (verdict.result !== 'different') return { mark, verdict };
  }
  return undefined;
}

/** For a person who knows the retention that nobody told. */
async function ofOldEnd(difference: string, marks: Mark[], restored: Restored): Promise<string> {
  const { mark, verdict } = (await firstHeld(difference, marks, restored)) ?? {};
  if (!mark || verdict?.result !== 'equivalent') return '';
  return `; all that lacks is of ${mark.time} or older, as if it had expired, but the retention of the table is not known, so it may be lost as well`;
}
