import { judgeExpired } from './expired.ts';
import { boundsOf } from './expectations.ts';
import { millisOf, printedTime, wellBefore } from './times.ts';
import {
  EQUIVALENT,
  type Expected,
  MIXED_WITH_NEW,
  type Restored,
  UNCOUNTED,
  type Verdict,
} from './verdict.ts';

/**
 * Up to a row of the future new rows are counted with those of the backup, and as many may lack of these.
 * @param past what of `view` was not of the future, where that has to be looked at apart
 */
export async function judgeHidden(
  view: Expected,
  past: Expected | undefined,
  restored: Restored,
): Promise<Verdict> {
  return past ? judgePast(past, restored) : judgeUntold(view, restored);
}

async function judgePast(past: Expected, restored: Restored): Promise<Verdict> {
  const { least, last } = boundsOf(past);
  if (last === undefined) return EQUIVALENT;
  const { rows } = await restored.count({ upTo: last });
  if (rows === null) return UNCOUNTED;
  if (rows >= least) return EQUIVALENT;
  const reason = `has ${rows} rows of up to ${last}, and the backup at least ${least}`;
  return judgeExpired(reason, past, restored);
}

/** Where nobody looked how many of its rows were of the future. */
async function judgeUntold(view: Expected, { count, restoredAt, now }: Restored): Promise<Verdict> {
  const { last } = boundsOf(view);
  if (last === undefined || millisOf(last) <= now.getTime()) return EQUIVALENT;
  const upTo = printedTime(now.getTime());
  const { rows } = await count({ after: wellBefore(restoredAt), upTo });
  if (rows === null) return UNCOUNTED;
  return rows > 0 ? MIXED_WITH_NEW : EQUIVALENT;
}
