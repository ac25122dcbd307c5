import { isAfter, wellBefore } from './times.ts';
import { different, MIXED_WITH_NEW, type Restored, UNCOUNTED, type Verdict } from './verdict.ts';

/** How many rows of a period the backup holds at most. */
interface Most {
  after?: string;
  /** Its newest row; undefined when it has none. */
  upTo: string | undefined;
  most: number;
}

/** Where clients may write among the rows of the backup after the restore, more of those may be theirs. */
export async function judgeSurplus(
  reason: string,
  { upTo, most, ...from }: Most,
  { restoredAt, count }: Restored,
): Promise<Verdict> {
  const moment = wellBefore(restoredAt);
  if (upTo === undefined || !isAfter(upTo, moment)) return different(reason);
  const { rows } = await count({ ...from, upTo: moment });
  if (rows === null) return UNCOUNTED;
  return rows > most ? different(reason) : MIXED_WITH_NEW;
}
