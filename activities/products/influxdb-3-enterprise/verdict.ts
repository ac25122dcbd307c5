import type { TableCount } from './census-schema.ts';
import type { Period } from './count-table.ts';

/** What the tables of a backup may look like after its restore: as before it, as after it, or in between. */
export interface Expected {
  before: TableCount | undefined;
  after: TableCount | undefined;
  /** Of the database: in force where the table has none of its own. */
  databaseRetentionNs?: number | undefined;
}

export type Count = Pick<TableCount, 'rows' | 'first' | 'last'>;

/** A table after the restore. Times are by the clock of the server. */
export interface Restored {
  /** Of a period: clients may be writing again, and the oldest rows expire. */
  count: (period: Period) => Promise<Count>;
  /** When the restore began. */
  restoredAt: string;
  now: Date;
}

export type Verdict =
  | { result: 'identical' }
  | { result: 'equivalent'; because?: 'retention' | 'newer' }
  | { result: 'different'; reason: string }
  /**
   * It could not be counted, then or now; or too much of it has gone by its retention, or may have; or new rows cannot be
   * told from those of the backup.
   */
  | { result: 'uncounted'; because?: 'retention' | 'future' };

export const EQUIVALENT: Verdict = { result: 'equivalent' };
export const UNCOUNTED: Verdict = { result: 'uncounted' };
export const GONE_BY_RETENTION: Verdict = { result: 'uncounted', because: 'retention' };
export const MIXED_WITH_NEW: Verdict = { result: 'uncounted', because: 'future' };

export function different(reason: string): Verdict {
  return { result: 'different', reason };
}

/** Of several matters of one table: what differs, else what is not known, else the first. */
export function worstOf(first: Verdict, ...others: Verdict[]): Verdict {
  const all = [first, ...others];
  return (
    all.find(({ result }) => result === 'different') ??
    all.find(({ result }) => result === 'uncounted') ??
    first
  );
}
