import type { TableCount } from './census-schema.ts';
import { expiryOf } from './expired.ts';
import { inOrder, isAfter, millisOf, printedTime, wellBefore } from './times.ts';
import {
  different,
  EQUIVALENT,
  type Expected,
  GONE_BY_RETENTION,
  MIXED_WITH_NEW,
  type Restored,
  UNCOUNTED,
  type Verdict,
} from './verdict.ts';

/** Rows of the future in a backup. */
interface Later {
  least: number;
  most: number;
  /** Where they lie. */
  after: string;
  upTo: string;
}

interface View {
  view: Expected;
  later?: Later | undefined;
  /** Where new rows may be among those of `view`: what of it is older than they are. */
  past?: Expected;
}

/**
 * What of a table can be compared although clients write again: without its rows of the future, where a moment tells
 * those from all others. It must not be before either count, nor before what clients may write after the restore.
 */
export function viewOf(expected: Expected, restoredAt: string): View {
  const { before, after } = expected;
  const counted = [before?.past?.upTo, after?.past?.upTo].filter((upTo) => upTo !== undefined);
  if (counted.length === 0) return { view: expected };
  const past = { ...expected, before: withoutLater(before), after: withoutLater(after) };
  const moment = [wellBefore(restoredAt), ...counted].reduce((a, b) => (isAfter(b, a) ? b : a));
  if (isApart(before, moment) && isApart(after, moment)) {
    return { view: past, later: laterOf(before, after) };
  }
  return { view: { ...expected, before: whole(before), after: whole(after) }, past };
}

/** Whether the rows of the future came back: in the place where they lay are no fewer, and no more. */
export async function judgeLater(
  later: Later | undefined,
  view: Expected,
  { count, now }: Restored,
): Promise<Verdict> {
  if (!later) return EQUIVALENT;
  const { least, most, ...period } = later;
  if (expiryOf(view, now)(period.after)) return GONE_BY_RETENTION;
  const { rows } = await count(period);
  if (rows === null) return UNCOUNTED;
  if (rows > most) return MIXED_WITH_NEW;
  if (rows >= least) return EQUIVALENT;
  return different(
    `has ${rows} rows of after ${later.after}, which is in the future, and the backup at least ${least}`,
  );
}

/** Whether the moment lies between the rows that were of the future and the others. */
function isApart(side: TableCount | undefined, moment: string): boolean {
  if (!side?.past) return !isAfter(side?.last, moment);
  const { later } = side.past;
  return later.rows === 0 || isAfter(later.first, moment);
}

function laterOf(before: TableCount | undefined, after: TableCount | undefined): Later | undefined {
  const [a, b] = [before?.past?.later, after?.past?.later];
  const [first] = inOrder(a?.first, b?.first);
  const [, last] = inOrder(before?.last, after?.last);
  if (first === undefined || last === undefined) return undefined;
  const [one, other] = [a?.rows ?? 0, b?.rows ?? 0];
  return {
    least: Math.min(one, other),
    most: Math.max(one, other),
    after: printedTime(millisOf(first) - 1),
    upTo: last,
  };
}

function withoutLater(side: TableCount | undefined): TableCount | undefined {
  if (!side?.past) return side;
  const { first, last: _last, past: counted, ...rest } = side;
  const { rows, last } = counted;
  return {
    ...rest,
    rows,
    ...(rows === 0 || first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
  };
}

/** Cut-offs were counted without rows of the future. */
function whole(side: TableCount | undefined): TableCount | undefined {
  if (!side?.past || !side.above) return side;
  const { rows } = side.past.later;
  return { ...side, above: side.above.map(([time, above]) => [time, above + rows]) };
}
