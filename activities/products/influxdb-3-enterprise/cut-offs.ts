import type { TableCount } from './census-schema.ts';
import type { EnterpriseClient } from './client.ts';
import { query } from './query.ts';
import { millisOf, printedTime } from './times.ts';

/** Shares of the time that a table spans: whatever has expired, about half of what is left lies above one of them. */
const SHARES = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 7 / 8, 15 / 16];

/**
 * Where to count a table again, so that it can be compared after its oldest rows have expired. Rows of the future would
 * spread the cut-offs where nothing is.
 */
export function cutOffsOf({ first, last }: TableCount, now: Date): string[] {
  if (first === undefined || last === undefined) return [];
  const from = millisOf(first);
  const span = Math.min(millisOf(last), now.getTime()) - from;
  if (!(span > 0)) return [];
  return [...new Set(SHARES.map((share) => printedTime(from + span * share)))];
}

/** The rows above each of the times. Nothing where they cannot be counted: what fails is not asked again. */
export async function countAbove(
  client: EnterpriseClient,
  { database, table }: Pick<TableCount, 'database' | 'table'>,
  times: string[],
  upTo?: string,
): Promise<TableCount['above']> {
  if (times.length === 0) return undefined;
  const counts = times.map(
    (time, at) => `count(CASE WHEN time > '${time}' THEN 1 END) AS above_${at}`,
  );
  const where = upTo === undefined ? '' : ` WHERE time <= '${upTo}'`;
  const sql = `SELECT ${counts.join(', ')} FROM "${table.replaceAll('"', '""')}"${where}`;
  const rows = await query(client, database, sql, { once: true });
  if (!Array.isArray(rows)) return undefined;
  return times.flatMap((time, at) => {
    const count = rows[0]?.[`above_${at}`];
    return typeof count === 'number' ? [[time, count] as [string, number]] : [];
  });
}
