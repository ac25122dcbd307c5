import { isAfter, wellBefore } from './times.ts';
import { different, EQUIVALENT, type Restored, UNCOUNTED, type Verdict } from './verdict.ts';

/** Of the rows after the newest one of the backup: whether all are of after the restore. */
export async function judgeNewer(
  last: string | undefined,
  { restoredAt, count }: Restored,
): Promise<Verdict> {
  const upTo = wellBefore(restoredAt);
  if (last !== undefined && !isAfter(upTo, last)) return EQUIVALENT;
  const { rows } = await count(last === undefined ? { upTo } : { after: last, upTo });
  if (rows === null) return UNCOUNTED;
  if (rows === 0) return EQUIVALENT;
  const since = last === undefined ? '' : `after ${last} and `;
  return different(
    `has ${rows} rows of ${since}up to ${upTo}: they are newer than the backup and older than the restore, so they were not rolled back, or clients wrote them late`,
  );
}
