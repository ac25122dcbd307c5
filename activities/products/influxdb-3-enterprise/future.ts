import type { TableCount } from './census.ts';
import type { Expected } from './compare.ts';
import { inOrder, isAfter, millisOf, printedTime, wellBefore } from './times.ts';

/** Rows of the future in a backup. */
export interface Later {
  least: number;
  most: number;
  /** Where they lie. */
  after: string;
  upTo: string;
}

/**
 * What of a table can be compared although clients write again: without its rows of the future, where those are told
 * apart from the others, and none of them had its time before the restore.
 */
export function viewOf(
  expected: Expected,
  restoredAt: string,
): { view: Expected; later?: Later | undefined } {
  const { before, after } = expected;
  const pasts = [before?.past, after?.past].filter((past) => past !== undefined);
  if (pasts.length === 0) return { view: expected };
  const isApart =
    pasts.every(({ later }) => later.rows === 0 || isAfter(later.first, wellBefore(restoredAt))) &&
    [before, after].every(
      (side) => !side?.last || side.past || !pasts.some(({ upTo }) => isAfter(side.last, upTo)),
    );
  if (!isApart) return { view: { ...expected, before: whole(before), after: whole(after) } };
  return {
    view: { ...expected, before: withoutLater(before), after: withoutLater(after) },
    later: laterOf(before, after),
  };
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
