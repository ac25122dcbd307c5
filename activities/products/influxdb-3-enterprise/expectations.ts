import type { Census } from './census-schema.ts';
import { labelOf } from './tables.ts';
import { inOrder } from './times.ts';
import type { Expected } from './verdict.ts';

/** The tables of a backup, each with what is known of it. */
export function expectations(before: Census, after: Census): Map<string, Expected> {
  const periods = new Map(
    [...before.databases, ...after.databases].flatMap(({ name, retentionNs }) =>
      retentionNs === undefined ? [] : [[name, retentionNs] as const],
    ),
  );
  const earlier = new Map(before.tables.map((table) => [labelOf(table), table]));
  const later = new Map(after.tables.map((table) => [labelOf(table), table]));
  return new Map(
    [...before.tables, ...after.tables].map((table) => {
      const label = labelOf(table);
      const databaseRetentionNs = periods.get(table.database);
      return [
        label,
        { before: earlier.get(label), after: later.get(label), databaseRetentionNs },
      ] as const;
    }),
  );
}

/** Whether the backup says how many rows it holds: a count that fails now may be asked for again. */
export function wasCounted({ before, after }: Expected): boolean {
  return before?.rows !== null && after?.rows !== null;
}

/** How many rows the backup may hold, and the time of its newest; absent without rows. */
export function boundsOf({ before, after }: Expected): {
  least: number;
  most: number;
  last: string | undefined;
} {
  const [a, b] = [before?.rows ?? 0, after?.rows ?? 0];
  const [, last] = inOrder(before?.last, after?.last);
  return { least: Math.min(a, b), most: Math.max(a, b), last };
}
