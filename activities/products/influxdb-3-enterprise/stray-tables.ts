import type { CensusFile } from './census-record.ts';
import { type Census, countTable, labelOf } from './census.ts';
import type { Expected } from './compare.ts';
import type { Session } from './session.ts';

export interface Strays {
  failed: string[];
  newer: string[];
}

/**
 * Tables that the backup does not have. Clients make them anew when they write again; one with rows from before the
 * restore was not rolled back.
 */
export async function strayTables(
  { client }: Session,
  expected: Map<string, Expected>,
  { after, before }: CensusFile,
  now: Census,
  restoredAt: string,
): Promise<Strays> {
  const strays: Strays = { failed: [], newer: [] };
  // With tables that were never counted, one cannot tell them from new ones.
  if (after.left > 0 || before.left > 0) return strays;
  for (const table of now.tables) {
    const label = labelOf(table);
    if (expected.has(label) || table.rows === 0) continue;
    const upTo = restoredAt.replace(/Z$/, '');
    const older = (await countTable(client, table.database, table.table, upTo)).rows;
    if (older === null || older === 0) strays.newer.push(label);
    else strays.failed.push(`${label} has ${older} rows, and is not in the backup`);
  }
  return strays;
}
