import { judgeExpired } from './expired.ts';
import { boundsOf } from './expectations.ts';
import { judgeSurplus } from './surplus.ts';
import { inOrder, isAfter } from './times.ts';
import {
  type Count,
  EQUIVALENT,
  type Expected,
  type Restored,
  UNCOUNTED,
  type Verdict,
} from './verdict.ts';

/** Of the rows up to the newest one of the backup: whether they are as many, and of the same times. */
export async function judgeHeld(held: Count, view: Expected, restored: Restored): Promise<Verdict> {
  const { rows } = held;
  const { least, most, last } = boundsOf(view);
  if (rows === null) return UNCOUNTED;
  if (rows > most) {
    const reason = `has ${rows} rows, and the backup at most ${most}`;
    return judgeSurplus(reason, { upTo: last, most }, restored);
  }
  if (rows < least) {
    return judgeExpired(`has ${rows} rows, and the backup at least ${least}`, view, restored);
  }
  if (isBetween(held, view)) return EQUIVALENT;
  const times = `${span(held)} instead of ${span(view.before)}`;
  return judgeExpired(`covers other times than the backup: ${times}`, view, restored);
}

/** Whether the oldest and the newest row are among those that both counts agree on, or came and went between them. */
function isBetween(held: Count, { before, after }: Expected): boolean {
  return (['first', 'last'] as const).every((end) => {
    const [a, b, time] = [before?.[end], after?.[end], held[end]];
    if (a === undefined || b === undefined) return true;
    const [from, to] = inOrder(a, b);
    return time !== undefined && !isAfter(from, time) && !isAfter(time, to);
  });
}

function span({ first = 'nothing', last = 'nothing' }: Partial<Count> = {}): string {
  return `${first} to ${last}`;
}
