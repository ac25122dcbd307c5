import type { TableCount } from './census-schema.ts';
import { boundsOf, wasCounted } from './expectations.ts';
import { judgeLater, viewOf } from './future.ts';
import { judgeHeld } from './held.ts';
import { judgeHidden } from './hidden.ts';
import { judgeNewer } from './newer.ts';
import { isAfter } from './times.ts';
import {
  type Count,
  different,
  EQUIVALENT,
  type Expected,
  type Restored,
  UNCOUNTED,
  type Verdict,
  worstOf,
} from './verdict.ts';

/** Whether a table came back. */
export async function judge(
  now: TableCount | undefined,
  expected: Expected,
  restored: Restored,
): Promise<Verdict> {
  if (!wasCounted(expected) || now?.rows === null) return UNCOUNTED;
  if (now) return judgeRows(now, expected, restored);
  // Made or dropped while the backup was taken: it may be in it, or not.
  return expected.before && expected.after ? different('is missing') : EQUIVALENT;
}

/**
 * Three kinds of rows are looked at apart: those that are newer than the backup, of which none may be older than the
 * restore; those up to its newest one; and those that were of the future when it was taken.
 */
async function judgeRows(now: Count, expected: Expected, restored: Restored): Promise<Verdict> {
  const { view, later, past } = viewOf(expected, restored.restoredAt);
  const { last } = boundsOf(view);
  const isNewer = now.last !== undefined && (last === undefined || isAfter(now.last, last));
  const newer = isNewer ? await judgeNewer(last, restored) : EQUIVALENT;
  if (newer.result === 'different') return newer;

  const held = isNewer ? await countUpTo(last, restored) : now;
  const ofHeld = await judgeHeld(held, view, restored);
  const ofLater = await judgeLater(later, view, restored);
  const verdict = worstOf(ofHeld, newer, ofLater, await judgeHidden(view, past, restored));
  if (verdict.result !== 'equivalent' || verdict.because) return verdict;

  const { before, after } = expected;
  if (isSame(now, before) && isSame(now, after)) return { result: 'identical' };
  const written = (now.rows ?? 0) - (held.rows ?? 0) - (later?.most ?? 0);
  return isNewer && written > 0 ? { result: 'equivalent', because: 'newer' } : EQUIVALENT;
}

async function countUpTo(last: string | undefined, { count }: Restored): Promise<Count> {
  return last === undefined ? { rows: 0 } : count({ upTo: last });
}

function isSame(a: Count, b: Count | undefined): boolean {
  return a.rows === b?.rows && a.first === b.first && a.last === b.last;
}
