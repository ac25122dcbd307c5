import type { Warning } from '../../../workflows/contract/progress.ts';

/** Warnings of one kind that are told one by one; more become one sentence. */
const TOLD = 20;

export function bounded(
  code: string,
  subjects: string[],
  one: (subject: string) => string,
  rest: (more: number) => string,
): Warning[] {
  const told = subjects.slice(0, TOLD).map((subject) => ({ code, message: one(subject), subject }));
  const more = subjects.length - told.length;
  return more > 0 ? [...told, { code, message: rest(more) }] : told;
}
