import { z } from 'zod';
import { eachBounded } from '../../each-bounded.ts';
import type { EnterpriseClient } from './client.ts';
import { countAbove, cutOffsOf } from './cut-offs.ts';
import { type NoResult, query, type Row } from './query.ts';
import { type KnownTable, labelOf, listDatabases, listTables } from './tables.ts';
import { millisOf, printedTime } from './times.ts';

/** Rows that clients write after a restore are older than a row of the future: they must not be counted with it. */
const past = z.object({
  /** When it was counted, by the clock of the server. */
  upTo: z.string(),
  rows: z.number(),
  last: z.string().optional(),
  later: z.object({ rows: z.number(), first: z.string().optional() }),
});

const table = z.object({
  database: z.string(),
  table: z.string(),
  /** Null when it could not be counted. */
  rows: z.number().nullable(),
  /** Of the oldest and the newest row, as the server prints them; absent without rows. */
  first: z.string().optional(),
  last: z.string().optional(),
  /** Rows that are older go by themselves; null when none do. Absent when the server does not tell. */
  retentionNs: z.number().nullable().optional(),
  /** Cut-offs, the oldest first, with the rows above each, of `past` where it is told. Absent where no retention is known. */
  above: z.array(z.tuple([z.string(), z.number()])).optional(),
  /** Where the newest row is of the future: what is not, and what is. */
  past: past.optional(),
});
export type TableCount = z.output<typeof table>;

/** What queries saw of a cluster: rows, oldest and newest time of every table. */
export const censusSchema = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      /** Of tables that have none of their own. */
      retentionNs: z.number().optional(),
    }),
  ),
  tables: z.array(table),
  /** Tables beyond the number that is counted. */
  left: z.number(),
});
export type Census = z.output<typeof censusSchema>;

/** About 200 bytes each are kept of so many tables, and as much again of those that have cut-offs. */
const MOST_TABLES = 50_000;
const MOST_WITH_CUT_OFFS = 10_000;

export interface CensusOptions {
  concurrency: number;
  onTable?: (() => void) | undefined;
  /** Whether to count above cut-offs as well: new ones, or those of an earlier census. */
  above?: 'new' | Census;
}

/** Counts every table. What cannot be counted says so, and why nothing can. */
export async function takeCensus(
  client: EnterpriseClient,
  options: CensusOptions,
): Promise<Census | NoResult> {
  const databases = await listDatabases(client);
  if (!Array.isArray(databases)) return databases;
  const known = await listTables(client, databases);
  if (!Array.isArray(known)) return known;
  const tables = await countTables(client, known.slice(0, MOST_TABLES), options);
  return { databases, tables, left: Math.max(0, known.length - MOST_TABLES) };
}

/** The counts of the tables named, in their order. */
export async function countTables(
  client: EnterpriseClient,
  named: KnownTable[],
  { concurrency, onTable, above }: CensusOptions,
): Promise<TableCount[]> {
  const earlier =
    typeof above === 'object'
      ? new Map(above.tables.map((one) => [labelOf(one), one.above]))
      : undefined;
  const counted: TableCount[] = [];
  let withCutOffs = 0;
  await eachBounded([...named.entries()], concurrency, async ([at, one]) => {
    const { retentionNs, databaseRetentionNs } = one;
    const period = retentionNs ?? databaseRetentionNs;
    const count = {
      ...(await countTable(client, one)),
      ...(retentionNs === undefined ? {} : { retentionNs }),
    };
    const now = client.clock.now();
    const ahead = above !== undefined && isAhead(count, now);
    if (ahead) count.past = await countPast(client, one, printedTime(now.getTime()));
    const goes = typeof period === 'number' && count.rows !== null;
    const comparable = !ahead || count.past !== undefined;
    if (above !== undefined && goes && comparable && withCutOffs < MOST_WITH_CUT_OFFS) {
      withCutOffs += 1;
      // Only counts above the same cut-offs can be compared.
      const times = earlier
        ? (earlier.get(labelOf(one)) ?? []).map(([time]) => time)
        : cutOffsOf(count, now);
      const marks = await countAbove(client, one, times, count.past?.upTo);
      if (marks) count.above = marks;
    }
    counted[at] = count;
    onTable?.();
  });
  return counted;
}

/** Times of the last minute come from clocks that differ a little: such a row is past before any restore. */
const CLOCKS_APART_MS = 60_000;

function isAhead({ last }: TableCount, now: Date): boolean {
  return last !== undefined && millisOf(last) > now.getTime() + CLOCKS_APART_MS;
}

async function countPast(
  client: EnterpriseClient,
  named: KnownTable,
  upTo: string,
): Promise<TableCount['past']> {
  const { rows, last } = await countTable(client, named, { upTo });
  const later = await countTable(client, named, { after: upTo });
  if (rows === null || later.rows === null) return undefined;
  const { first } = later;
  return {
    upTo,
    rows,
    ...(last === undefined ? {} : { last }),
    later: { rows: later.rows, ...(first === undefined ? {} : { first }) },
  };
}

export interface Period {
  after?: string;
  upTo?: string;
}

/** The count of one table, or of its rows of a period. */
export async function countTable(
  client: EnterpriseClient,
  { database, table: name }: Pick<TableCount, 'database' | 'table'>,
  { after, upTo }: Period = {},
): Promise<TableCount> {
  const bounds = [
    ...(after === undefined ? [] : [`time > '${after}'`]),
    ...(upTo === undefined ? [] : [`time <= '${upTo}'`]),
  ];
  const where = bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`;
  const sql =
    'SELECT count(*) AS row_count, min(time) AS first_time, max(time) AS last_time ' +
    `FROM "${name.replaceAll('"', '""')}"${where}`;
  const rows = await query(client, database, sql);
  if (!Array.isArray(rows)) return { database, table: name, rows: null };
  const [{ row_count, first_time, last_time } = {} as Row] = rows;
  return {
    database,
    table: name,
    rows: typeof row_count === 'number' ? row_count : null,
    ...(typeof first_time === 'string' ? { first: first_time } : {}),
    ...(typeof last_time === 'string' ? { last: last_time } : {}),
  };
}

export function isCensus(value: Census | NoResult): value is Census {
  return 'tables' in value;
}
