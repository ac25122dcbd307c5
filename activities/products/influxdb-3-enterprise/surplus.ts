import { millisOf, wellBefore } from './times.ts';
import { different, MIXED_WITH_NEW, type Restored, UNCOUNTED, type Verdict } from './verdict.ts';

/** How many rows of a period the backup holds at most. */
interface Most {
  after?: string;
  /** Its newest row; undefined when it has none. */
  upTo: string | undefined;
  most: number;
}

/** Where the newest row of the backup is younger than the restore, more rows up to it may be of after the restore. */
export async function judgeSurplus(
  reason: string,
  { upTo, most, ...from }: Most,
  { restoredAt, count }: Restored,
): Promise<Verdict> {
  if (upTo === undefined || millisOf(upTo) <= millisOf(restoredAt)) return different(reason);
  const { rows } = await count({ ...from, upTo: wellBefore(restoredAt) });
  if (rows === null) return UNCOUNTED;
  return rows > most ? different(reason) : MIXED_WITH_NEW;
}
