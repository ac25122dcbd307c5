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
  /** It could not be counted, then or now. */
  | { result: 'uncounted' };

/** Rows up to a time, where a table has more than the backup: clients may be writing again. */
export type CountUpTo = (time: string) => Promise<number | null>;

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
  if (rows < least) {
    if (expired(expected, today)) return { result: 'equivalent', because: 'retention' };
    return different(`has ${rows} rows, and the backup at least ${least}`);
  }
  if (rows > most) {
    const last = latest(before?.last, after?.last);
    const within = last === undefined ? 0 : await countUpTo(last);
    if (within === null) return { result: 'uncounted' };
    if (within > most) return different(`has ${within} rows, and the backup at most ${most}`);
    if (within < least) return different(`has ${within} rows, and the backup at least ${least}`);
    return { result: 'equivalent', because: 'newer' };
  }
  if (!before || !after || !same(before, after)) return { result: 'equivalent' };
  if (same(now, before)) return { result: 'identical' };
  if (expired(expected, today)) return { result: 'equivalent', because: 'retention' };
  return different(`covers other times than the backup: ${span(now)} instead of ${span(before)}`);
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

function expired({ before, retentionNs }: Expected, today: Date): boolean {
  if (retentionNs === undefined || before?.first === undefined) return false;
  return Date.parse(zoned(before.first)) < today.getTime() - retentionNs / 1e6;
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

function latest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return sortable(a) > sortable(b) ? a : b;
}

function sortable(time: string): string {
  const [whole = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return `${whole}.${fraction.padEnd(9, '0')}`;
}

function different(reason: string): Verdict {
  return { result: 'different', reason };
}
