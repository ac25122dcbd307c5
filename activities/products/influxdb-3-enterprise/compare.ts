import type { Census, TableCount } from './census.ts';

/** What the tables of a backup may look like after its restore: as before it, as after it, or in between. */
export interface Expected {
  before: TableCount | undefined;
  after: TableCount | undefined;
  /** Rows that are older go by themselves. Nanoseconds. */
  retentionNs?: number | undefined;
}

export type Verdict =
  | { result: 'identical' }
  | { result: 'equivalent'; because?: 'retention' | 'newer' }
  | { result: 'different'; reason: string }
  /** It could not be counted, then or now, or all that it held may have gone by its retention. */
  | { result: 'uncounted'; because?: 'retention' };

/** Rows up to a time: clients may be writing again. */
export type CountUpTo = (time: string) => Promise<Pick<TableCount, 'rows' | 'last'>>;

export async function judge(
  now: TableCount | undefined,
  expected: Expected,
  countUpTo: CountUpTo,
  today: Date,
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
    judgeExpired(expected, countUpTo, today, `has ${has} rows, and the backup at least ${least}`);
  if (rows < least) return lacks(rows);
  if (rows > most) {
    const [, last] = inOrder(before?.last, after?.last);
    const { rows: within } = last === undefined ? { rows: 0 } : await countUpTo(last);
    if (within === null) return { result: 'uncounted' };
    if (within > most) return different(`has ${within} rows, and the backup at most ${most}`);
    if (within < least) return lacks(within);
    return { result: 'equivalent', because: 'newer' };
  }
  if (!before || !after || !same(before, after)) return { result: 'equivalent' };
  if (same(now, before)) return { result: 'identical' };
  const difference = `covers other times than the backup: ${span(now)} instead of ${span(before)}`;
  return judgeExpired(expected, countUpTo, today, difference);
}

/**
 * Whether a retention explains what lacks. Rows go from the oldest on, so until the newest one of the backup has expired
 * too, it must be there; afterwards nothing can be compared.
 */
async function judgeExpired(
  { before, after, retentionNs }: Expected,
  countUpTo: CountUpTo,
  today: Date,
  difference: string,
): Promise<Verdict> {
  const isExpired = (time: string) =>
    retentionNs !== undefined && Date.parse(zoned(time)) < today.getTime() - retentionNs / 1e6;
  if (before?.first === undefined || !isExpired(before.first)) return different(difference);
  const [newest] = inOrder(before.last, after?.last);
  if (newest === undefined || isExpired(newest)) {
    return { result: 'uncounted', because: 'retention' };
  }
  const { rows, last } = await countUpTo(newest);
  if (rows === null) return { result: 'uncounted' };
  if (last !== undefined && sortable(last) >= sortable(newest)) {
    return { result: 'equivalent', because: 'retention' };
  }
  return different(`${difference}; its row of ${newest} lacks, which has not expired`);
}

/** The tables of a backup, each with what is known of it. */
export function expectations(before: Census, after: Census): Map<string, Expected> {
  const found = new Map<string, Expected>();
  const retention = new Map(after.databases.map(({ name, retentionNs }) => [name, retentionNs]));
  for (const [side, census] of [
    ['before', before],
    ['after', after],
  ] as const) {
    for (const table of census.tables) {
      const key = `${table.database}/${table.table}`;
      const retentionNs = retention.get(table.database);
      const expected = found.get(key) ?? { before: undefined, after: undefined, retentionNs };
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

/** Times are printed without a zone, with as many digits as there is need. */
function zoned(time: string): string {
  return /Z|[+-]\d\d:\d\d$/.test(time) ? time : `${time}Z`;
}

/** The earlier and the later of two times, or twice the only one. */
function inOrder(a: string | undefined, b: string | undefined) {
  const [one, other] = [a ?? b, b ?? a];
  if (one === undefined || other === undefined) return [undefined, undefined] as const;
  return sortable(one) < sortable(other) ? ([one, other] as const) : ([other, one] as const);
}

function sortable(time: string): string {
  const [whole = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return `${whole}.${fraction.padEnd(9, '0')}`;
}

function different(reason: string): Verdict {
  return { result: 'different', reason };
}
