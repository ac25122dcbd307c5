import { parseTime, printTime } from './timestamp.ts';

export type Cell = string | number | boolean | bigint | null;
export type SqlRow = Record<string, Cell>;

/** Resolves `table`, `"table"` or `system.table`; undefined when there is none. */
export type Tables = (name: string) => SqlRow[] | undefined;

export class SqlError extends Error {}

const SELECT =
  /^select\s+(.+?)\s+from\s+("(?:[^"]|"")+"|[\w.]+)(?:\s+where\s+(.+?))?(?:\s+order\s+by\s+(.+?))?;?$/is;

/** A small part of SQL: counts, also by a comparison, first and last, plain columns, and comparisons joined by AND. */
export function select(text: string, tables: Tables): SqlRow[] {
  const found = SELECT.exec(text.trim());
  if (!found) throw new SqlError(`SQL error: ParserError near: ${text.slice(0, 60)}`);
  const [, columns = '', from = '', where, order] = found;
  const name = from.startsWith('"') ? from.slice(1, -1).replaceAll('""', '"') : from.toLowerCase();
  const rows = tables(name);
  if (!rows) throw new SqlError(`Error during planning: table '${name}' not found`);
  const chosen = rows.filter((row) => !where || where.split(/\s+and\s+/i).every(condition(row)));
  if (order) {
    const keys = order.split(',').map((key) => unquoted(key.trim()));
    chosen.sort((a, b) => {
      const key = keys.find((one) => a[one] !== b[one]);
      return key === undefined ? 0 : String(a[key]) < String(b[key]) ? -1 : 1;
    });
  }
  const wanted = columns.split(',').map(column);
  if (wanted.some(({ aggregate }) => aggregate)) {
    return [Object.fromEntries(wanted.map((one) => [one.as, one.value(chosen)]))];
  }
  if (columns.trim() === '*') return chosen;
  return chosen.map((row) => Object.fromEntries(wanted.map((one) => [one.as, one.value([row])])));
}

function condition(row: SqlRow): (text: string) => boolean {
  return (text) => {
    const found = /^("?[\w]+"?)\s*(<=|>=|<|>|=)\s*(?:'((?:[^']|'')*)'|(\w+))$/.exec(text.trim());
    if (!found) throw new SqlError(`SQL error: cannot understand ${text}`);
    const [, name = '', operator = '', quoted, bare = ''] = found;
    const cell = row[unquoted(name)];
    const literal = typeof cell === 'bigint' ? parseTime(quoted ?? bare) : (quoted ?? bare);
    const mine = typeof cell === 'bigint' ? cell : String(cell);
    if (operator === '<=') return mine <= literal;
    if (operator === '>=') return mine >= literal;
    if (operator === '<') return mine < literal;
    if (operator === '>') return mine > literal;
    return mine === literal;
  };
}

function column(text: string) {
  const [, expression = '', alias] = /^\s*(.+?)(?:\s+as\s+("?\w+"?))?\s*$/is.exec(text) ?? [];
  const aggregate = /^(count|min|max)\s*\(\s*(\*|"?\w+"?)\s*\)$/i.exec(expression);
  const as = unquoted(alias ?? expression);
  const cases = /^count\s*\(\s*case when (.+) then 1 end\s*\)$/i.exec(expression);
  if (cases) {
    const [, which = ''] = cases;
    const value = (rows: SqlRow[]): Cell => rows.filter((row) => condition(row)(which)).length;
    return { as, aggregate: true, value };
  }
  if (!aggregate) {
    const name = unquoted(expression);
    return { as, aggregate: false, value: ([row]: SqlRow[]) => row?.[name] ?? null };
  }
  const [, kind = '', of = ''] = aggregate;
  const value = (rows: SqlRow[]): Cell => {
    if (kind.toLowerCase() === 'count') return rows.length;
    const cells = rows.map((row) => row[unquoted(of)] ?? null);
    const better = kind.toLowerCase() === 'min' ? less : (a: Cell, b: Cell) => less(b, a);
    return cells.reduce((best, cell) => (best === null || better(cell, best) ? cell : best), null);
  };
  return { as, aggregate: true, value };
}

function less(a: Cell, b: Cell): boolean {
  return a !== null && b !== null && a < b;
}

function unquoted(name: string): string {
  return name.replace(/^"(.*)"$/s, '$1');
}

/** Times are kept in nanoseconds, and printed. */
export function printable(rows: SqlRow[]): Record<string, unknown>[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, cell]) => [
        name,
        typeof cell === 'bigint' ? printTime(cell) : cell,
      ]),
    ),
  );
}
