import { z } from 'zod';
import { eachBounded } from '../../each-bounded.ts';
import type { EnterpriseClient } from './client.ts';
import { type NoResult, query, type Row } from './query.ts';

const table = z.object({
  database: z.string(),
  table: z.string(),
  /** Null when it could not be counted. */
  rows: z.number().nullable(),
  /** Of the oldest and the newest row, as the server prints them; absent without rows. */
  first: z.string().optional(),
  last: z.string().optional(),
});
export type TableCount = z.output<typeof table>;

/** What queries saw of a cluster: rows, oldest and newest time of every table. */
export const censusSchema = z.object({
  databases: z.array(
    z.object({
      name: z.string(),
      /** Rows that are older go by themselves. */
      retentionNs: z.number().optional(),
    }),
  ),
  tables: z.array(table),
  /** Tables beyond the number that is counted. */
  left: z.number(),
});
export type Census = z.output<typeof censusSchema>;

/** About 100 bytes each are kept of so many tables. */
const MOST_TABLES = 50_000;

export interface CensusOptions {
  concurrency: number;
  onTable?: (() => void) | undefined;
}

/** Databases of people, with their retention. */
export async function listDatabases(
  client: EnterpriseClient,
): Promise<Census['databases'] | NoResult> {
  const sql = 'SELECT database_name, retention_period_ns, deleted FROM system.databases';
  const rows = await query(client, '_internal', sql);
  if (!Array.isArray(rows)) return rows;
  return rows.filter(isThere).map((row) => ({
    name: String(row.database_name),
    ...(typeof row.retention_period_ns === 'number'
      ? { retentionNs: row.retention_period_ns }
      : {}),
  }));
}

/** Counts every table. What cannot be counted says so, and why nothing can. */
export async function takeCensus(
  client: EnterpriseClient,
  options: CensusOptions,
): Promise<Census | NoResult> {
  const databases = await listDatabases(client);
  if (!Array.isArray(databases)) return databases;
  const sql = 'SELECT database_name, table_name, deleted FROM system.tables';
  const rows = await query(client, '_internal', sql);
  if (!Array.isArray(rows)) return rows;
  const names = new Set(databases.map(({ name }) => name));
  const known = rows
    .filter(isThere)
    .map((row) => ({ database: String(row.database_name), table: String(row.table_name) }))
    .filter(({ database }) => names.has(database))
    .sort((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1));
  const tables = await countTables(client, known.slice(0, MOST_TABLES), options);
  return { databases, tables, left: Math.max(0, known.length - MOST_TABLES) };
}

/** The counts of the tables named, in their order. */
export async function countTables(
  client: EnterpriseClient,
  named: Pick<TableCount, 'database' | 'table'>[],
  { concurrency, onTable }: CensusOptions,
): Promise<TableCount[]> {
  const counted: TableCount[] = [];
  await eachBounded([...named.entries()], concurrency, async ([at, { database, table: name }]) => {
    counted[at] = await countTable(client, database, name);
    onTable?.();
  });
  return counted;
}

/** The count of one table, or of its rows up to a time. */
export async function countTable(
  client: EnterpriseClient,
  database: string,
  name: string,
  upTo?: string,
): Promise<TableCount> {
  const where = upTo === undefined ? '' : ` WHERE time <= '${upTo}'`;
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

export function labelOf({ database, table: name }: Pick<TableCount, 'database' | 'table'>): string {
  return `${database}/${name}`;
}

export function isCensus(value: Census | NoResult): value is Census {
  return 'tables' in value;
}

function isThere(row: Row): boolean {
  return row.deleted !== true && row.database_name !== '_internal';
}
