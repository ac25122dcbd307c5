import type { Census, Period, TableCount } from './census.ts';
import { judgeExpired } from './expired.ts';
import { labelOf } from './tables.ts';
import { inOrder } from './times.ts';

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
  /** It could not be counted, then or now, or too much of it has gone by its retention, or may have. */
  | { result: 'uncounted'; because?: 'retention' };

/** Rows of a period: clients may be writing again, and the oldest expire. */
export type CountWithin = (period: Period) => Promise<Pick<TableCount, 'rows' | 'last'>>;

export async function judge(
  now: TableCount | undefined,
  expected: Expected,
  countWithin: CountWithin,
  clock: Date,
): Promise<Verdict> {
  const { before, after } = expected;
  const [least, most] = bounds(before, after);
  if (least === null || most === null || now?.rows === null) return { result: 'uncounted' };
  if (!now || now.rows === null) {
    // Made or dropped while the backup was taken: it may be in it, or not.
    return before && after ? different('is missing') : { result: 'equivalent' };
  }
  const { rows } = now;
  const lacks = (has: number) =>
    judgeExpired(expected, countWithin, clock, `has ${has} rows, and the backup at least ${least}`);
  if (rows < least) return lacks(rows);
  if (rows > most) {
    const [, last] = inOrder(before?.last, after?.last);
    const { rows: within } = last === undefined ? { rows: 0 } : await countWithin({ upTo: last });
    if (within === null) return { result: 'uncounted' };
    if (within > most) return different(`has ${within} rows, and the backup at most ${most}`);
    if (within < least) return lacks(within);
    return { result: 'equivalent', because: 'newer' };
  }
  if (!before || !after || !same(before, after)) return { result: 'equivalent' };
  if (same(now, before)) return { result: 'identical' };
  const difference = `covers other times than the backup: ${span(now)} instead of ${span(before)}`;
  return judgeExpired(expected, countWithin, clock, difference);
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

function bounds(before: TableCount | undefined, after: TableCount | undefined) {
  const [a, b] = [before ? before.rows : 0, after ? after.rows : 0];
  if (a === null || b === null) return [null, null] as const;
  return [Math.min(a, b), Math.max(a, b)] as const;
}

function same(a: TableCount, b: TableCount): boolean {
  return a.rows === b.rows && a.first === b.first && a.last === b.last;
}

function span({ first = 'nothing', last = 'nothing' }: TableCount): string {
  return `${first} to ${last}`;
}

function different(reason: string): Verdict {
  return { result: 'different', reason };
}
