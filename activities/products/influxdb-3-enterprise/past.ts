import type { Past, TableCount } from './census-schema.ts';
import type { EnterpriseClient } from './client.ts';
import { countTable } from './count-table.ts';
import { millisOf, printedTime } from './times.ts';

/** Times of the last minute come from clocks that differ a little: such a row is past before any restore. */
const CLOCKS_APART_MS = 60_000;

export function isAhead({ last }: TableCount, now: Date): boolean {
  return last !== undefined && millisOf(last) > now.getTime() + CLOCKS_APART_MS;
}

/** What of a table is not of the future, and what is. Undefined where it cannot be counted. */
export async function countPast(
  client: EnterpriseClient,
  table: Pick<TableCount, 'database' | 'table'>,
  now: Date,
): Promise<Past | undefined> {
  const upTo = printedTime(now.getTime());
  const { rows, last } = await countTable(client, table, { upTo });
  const later = await countTable(client, table, { after: upTo });
  if (rows === null || later.rows === null) return undefined;
  const { first } = later;
  return {
    upTo,
    rows,
    ...(last === undefined ? {} : { last }),
    later: { rows: later.rows, ...(first === undefined ? {} : { first }) },
  };
}
