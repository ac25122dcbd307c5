import type { Census, TableCount } from './census-schema.ts';
import type { EnterpriseClient } from './client.ts';
import { type NoResult, query, type Row } from './query.ts';

export interface KnownTable extends Pick<TableCount, 'database' | 'table' | 'retentionNs'> {
  /** Of the database: in force where the table has none of its own. */
  databaseRetentionNs?: number | undefined;
}

/** Under this name databases tell their retention. How tables tell their own, which outdoes it, is not published. */
const PERIOD = 'retention_period_ns';

/** Databases of people, with their retention. */
export async function listDatabases(
  client: EnterpriseClient,
): Promise<Census['databases'] | NoResult> {
  const sql = `SELECT database_name, ${PERIOD}, deleted FROM system.databases`;
  const rows = await query(client, '_internal', sql);
  if (!Array.isArray(rows)) return rows;
  return rows.filter(isThere).map((row) => {
    const retentionNs = periodOf(row);
    return {
      name: String(row.database_name),
      ...(retentionNs === undefined ? {} : { retentionNs }),
    };
  });
}

/** Tables of these databases, in order, each with the retention that is in force where the server tells it. */
export async function listTables(
  client: EnterpriseClient,
  databases: Census['databases'],
): Promise<KnownTable[] | NoResult> {
  const told = await tellsRetention(client);
  const sql = `SELECT database_name, table_name, deleted${told ? `, ${PERIOD}` : ''} FROM system.tables`;
  const rows = await query(client, '_internal', sql);
  if (!Array.isArray(rows)) return rows;
  const known = new Map(databases.map((one) => [one.name, one]));
  return rows
    .filter(isThere)
    .flatMap((row) => {
      const database = known.get(String(row.database_name));
      if (!database) return [];
      const databaseRetentionNs = database.retentionNs;
      const retentionNs = periodOf(row) ?? databaseRetentionNs ?? null;
      const table = {
        database: database.name,
        table: String(row.table_name),
        databaseRetentionNs,
      };
      return [told ? { ...table, retentionNs } : table];
    })
    .sort((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1));
}

export function labelOf({ database, table }: Pick<TableCount, 'database' | 'table'>): string {
  return `${database}/${table}`;
}

/** A column that is empty everywhere may be left out of an answer: whether it exists is asked for by itself. */
async function tellsRetention(client: EnterpriseClient): Promise<boolean> {
  const sql =
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'system' AND table_name = 'tables'";
  const rows = await query(client, '_internal', sql);
  return Array.isArray(rows) && rows.some(({ column_name }) => column_name === PERIOD);
}

function periodOf({ [PERIOD]: period }: Row): number | undefined {
  return typeof period === 'number' ? period : undefined;
}

function isThere(row: Row): boolean {
  return row.deleted !== true && row.database_name !== '_internal';
}
