import type { TableCount } from './census-schema.ts';
import type { EnterpriseClient } from './client.ts';
import { query, type Row } from './query.ts';

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
