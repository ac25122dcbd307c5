import type { Census, Period, TableCount } from './census.ts';
import { judgeExpired } from './expired.ts';
import { labelOf } from './tables.ts';
import { inOrder, isAfter, millisOf, wellBefore } from './times.ts';
import { viewOf } from './future.ts';
import { judgeNewer } from './newer.ts';

/** What the tables of a backup may look like after its restore: as before it, as after it, or in between. */
export interface Expected {
  before: TableCount | undefined;
  after: TableCount | undefined;
  /** Of the database: in force where the table has none of its own. */
  databaseRetentionNs?: number | undefined;
}

export type Verdict =
  | { result: 'identical' }
  | { result: 'equivalent'; because?: 'retention' | 'newer' }
  | { result: 'different'; reason: string }
  /**
   * It could not be counted, then or now; or too much of it has gone by its retention, or may have; or new rows cannot be
   * told from those of the backup.
   */
  | { result: 'uncounted'; because?: 'retention' | 'future' };

/** Rows of a period: clients may be writing again, and the oldest expire. */
export type CountWithin = (period: Period) => Promise<Pick<TableCount, 'rows' | 'first' | 'last'>>;

/** By the clock of the server. */
export interface Moments {
  /** When the restore began. */
  restoredAt: string;
  now: Date;
}

/**
 * What is newer than the backup may have been written after the restore, and is left out; what is newer than it and
 * older than the restore was not rolled back.
 */
export async function judge(
  now: TableCount | undefined,
  expected: Expected,
  countWithin: CountWithin,
  moments: Moments,
): Promise<Verdict> {
  const { before, after } = expected;
  if (before?.rows === null || after?.rows === null || now?.rows === null) return UNCOUNTED;
  if (!now) {
    // Made or dropped while the backup was taken: it may be in it, or not.
    return before && after ? different('is missing') : { result: 'equivalent' };
  }
  const { view, later } = viewOf(expected, moments.restoredAt);
  const [, last] = inOrder(view.before?.last, view.after?.last);
  const isNewer = (now.rows ?? 0) > 0 && (last === undefined || isAfter(now.last, last));
  const newer = isNewer ? await judgeNewer(last, later, countWithin, moments) : undefined;
  if (newer?.result === 'different') return newer;
  const seen = !isNewer
    ? now
    : last === undefined
      ? { rows: 0 }
      : await countWithin({ upTo: last });
  const verdict = await judgeSeen(seen, view, countWithin, moments);
  if (verdict.result !== 'equivalent') return verdict;
  if (newer) return newer;
  if (before && after && same(before, after) && same(now, before)) return { result: 'identical' };
  const written = isNewer && (now.rows ?? 0) - (seen.rows ?? 0) > (later?.most ?? 0);
  return written && !verdict.because ? { result: 'equivalent', because: 'newer' } : verdict;
}

/** Without what is newer than the backup. */
async function judgeSeen(
  seen: Seen,
  view: Expected,
  countWithin: CountWithin,
  moments: Moments,
): Promise<Verdict> {
  const [least, most] = boundsOf(view);
  const { rows } = seen;
  if (rows === null) return UNCOUNTED;
  const lacks = (reason: string) => judgeExpired(view, countWithin, moments.now, reason);
  if (rows < least) return lacks(`has ${rows} rows, and the backup at least ${least}`);
  if (rows > most) {
    const reason = `has ${rows} rows, and the backup at most ${most}`;
    return judgeSurplus(view, reason, countWithin, moments);
  }
  const { before, after } = view;
  if (!before || !after || isBetween(seen, before, after)) return { result: 'equivalent' };
  return lacks(`covers other times than the backup: ${span(seen)} instead of ${span(before)}`);
}

type Seen = Pick<TableCount, 'rows' | 'first' | 'last'>;

const UNCOUNTED: Verdict = { result: 'uncounted' };

/** Where the newest row of the backup is younger than the restore, more rows up to it may be of after the restore. */
async function judgeSurplus(
  view: Expected,
  reason: string,
  countWithin: CountWithin,
  { restoredAt }: Moments,
): Promise<Verdict> {
  const [, last] = inOrder(view.before?.last, view.after?.last);
  if (last === undefined || millisOf(last) <= millisOf(restoredAt)) return different(reason);
  const { rows } = await countWithin({ upTo: wellBefore(restoredAt) });
  if (rows === null) return UNCOUNTED;
  return rows > boundsOf(view)[1] ? different(reason) : { result: 'uncounted', because: 'future' };
}

/** The tables of a backup, each with what is known of it. */
export function expectations(before: Census, after: Census): Map<string, Expected> {
  const found = new Map<string, Expected>();
  const periods = new Map(
    [...before.databases, ...after.databases].flatMap(({ name, retentionNs }) =>
      retentionNs === undefined ? [] : [[name, retentionNs] as const],
    ),
  );
  for (const [side, census] of [
    ['before', before],
    ['after', after],
  ] as const) {
    for (const table of census.tables) {
      const key = labelOf(table);
      const databaseRetentionNs = periods.get(table.database);
      const expected = found.get(key) ?? {
        before: undefined,
        after: undefined,
        databaseRetentionNs,
      };
      found.set(key, { ...expected, [side]: table });
    }
  }
  return found;
}

/** Whether the backup says how many rows it holds: a count that fails now may be asked for again. */
export function wasCounted({ before, after }: Expected): boolean {
  return before?.rows !== null && after?.rows !== null;
}

function boundsOf({ before, after }: Expected): [least: number, most: number] {
  const [a, b] = [before?.rows ?? 0, after?.rows ?? 0];
  return [Math.min(a, b), Math.max(a, b)];
}

/** Whether the oldest and the newest row are among those that both counts agree on, or came and went between them. */
function isBetween(seen: Seen, before: TableCount, after: TableCount): boolean {
  return (['first', 'last'] as const).every((end) => {
    const [a, b, time] = [before[end], after[end], seen[end]];
    if (a === undefined || b === undefined) return true;
    const [from, to] = inOrder(a, b);
    return time !== undefined && !isAfter(from, time) && !isAfter(time, to);
  });
}

function same(a: TableCount, b: TableCount): boolean {
  return a.rows === b.rows && a.first === b.first && a.last === b.last;
}

function span({ first = 'nothing', last = 'nothing' }: Seen): string {
  return `${first} to ${last}`;
}

function different(reason: string): Verdict {
  return { result: 'different', reason };
}
