import type { CensusFile } from './census-record.ts';
import type { Census } from './census-schema.ts';
import { countTable } from './count-table.ts';
import type { Session } from './session.ts';
import { labelOf } from './tables.ts';
import { wellBefore } from './times.ts';
import type { Expected } from './verdict.ts';

export interface Strays {
  failed: string[];
  newer: string[];
  uncounted: string[];
}

/**
 * Tables that the backup does not have. Clients make them anew when they write again; one with rows from well before the
 * restore was not rolled back.
 */
export async function strayTables(
  { client }: Session,
  expected: Map<string, Expected>,
  { after, before }: CensusFile,
  now: Census,
  restoredAt: string,
): Promise<Strays> {
  const strays: Strays = { failed: [], newer: [], uncounted: [] };
  // With tables that were never counted, one cannot tell them from new ones.
  if (after.left > 0 || before.left > 0) return strays;
  const upTo = wellBefore(restoredAt);
  for (const table of now.tables) {
    const label = labelOf(table);
    if (expected.has(label) || table.rows === 0) continue;
    const { rows } = await countTable(client, table, { upTo });
    if (rows === null) strays.uncounted.push(label);
    else if (rows === 0) strays.newer.push(label);
    else strays.failed.push(`${label} has ${rows} rows, and is not in the backup`);
  }
  return strays;
}
