import { eachBounded } from '../../each-bounded.ts';
import type { Census, TableCount } from './census-schema.ts';
import type { EnterpriseClient } from './client.ts';
import { countTable } from './count-table.ts';
import { countAbove, cutOffsOf } from './cut-offs.ts';
import { countPast, isAhead } from './past.ts';
import type { NoResult } from './query.ts';
import { type KnownTable, labelOf, listDatabases, listTables } from './tables.ts';

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
  const counted: TableCount[] = [];
  const cutOffs = above && cutOffsBy(above);
  let withCutOffs = 0;
  await eachBounded([...named.entries()], concurrency, async ([at, one]) => {
    const { retentionNs, databaseRetentionNs } = one;
    const count = await countTable(client, one);
    if (retentionNs !== undefined) count.retentionNs = retentionNs;
    const now = client.clock.now();
    const ahead = cutOffs && isAhead(count, now);
    if (ahead) count.past = await countPast(client, one, now);
    const isCounted = count.rows !== null && (!ahead || count.past);
    const goes = typeof (retentionNs ?? databaseRetentionNs) === 'number';
    if (cutOffs && isCounted && goes && withCutOffs < MOST_WITH_CUT_OFFS) {
      withCutOffs += 1;
      const marks = await countAbove(client, one, cutOffs(count, now), count.past?.upTo);
      if (marks) count.above = marks;
    }
    counted[at] = count;
    onTable?.();
  });
  return counted;
}

/** Only counts above the same cut-offs can be compared. */
function cutOffsBy(above: 'new' | Census): typeof cutOffsOf {
  if (above === 'new') return cutOffsOf;
  const earlier = new Map(above.tables.map((one) => [labelOf(one), one.above ?? []]));
  return (count) => (earlier.get(labelOf(count)) ?? []).map(([time]) => time);
}

export function isCensus(value: Census | NoResult): value is Census {
  return 'tables' in value;
}
