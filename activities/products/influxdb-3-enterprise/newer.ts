import type { CountWithin, Moments, Verdict } from './compare.ts';
import type { Later } from './future.ts';
import { isAfter, wellBefore } from './times.ts';

/** A verdict when the rows after the newest one of the backup are not all of after the restore. */
export async function judgeNewer(
  last: string | undefined,
  later: Later | undefined,
  countWithin: CountWithin,
  { restoredAt }: Moments,
): Promise<Verdict | undefined> {
  const upTo = wellBefore(restoredAt);
  if (last === undefined || isAfter(upTo, last)) {
    const { rows } = await countWithin({ ...(last === undefined ? {} : { after: last }), upTo });
    if (rows === null) return { result: 'uncounted' };
    if (rows > 0) {
      const since = last === undefined ? '' : `after ${last} and `;
      return {
        result: 'different',
        reason: `has ${rows} rows of ${since}up to ${upTo}: they are newer than the backup and older than the restore, so they were not rolled back, or clients wrote them late`,
      };
    }
  }
  if (!later) return undefined;
  const { rows } = await countWithin({ after: later.after, upTo: later.upTo });
  if (rows === null) return { result: 'uncounted' };
  if (rows > later.most) return { result: 'uncounted', because: 'future' };
  if (rows >= later.least) return undefined;
  return {
    result: 'different',
    reason: `has ${rows} rows of after ${later.after}, which is in the future, and the backup at least ${later.least}`,
  };
}
