import type { Bar, Row } from './benchmark.ts';

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export interface Verdict {
  /** Of the medians. */
  value: number;
  /** The smallest and the largest of one round. */
  range: [number, number];
  met: boolean;
}

/** Rounds alternate, so that what else the machine does falls on both sides alike. */
export function judge({ bar, ours, theirs, conditions = [] }: Row): Verdict {
  const value = compare(bar, median(ours.values), median(theirs.values));
  const each = ours.values.flatMap((our, round) => {
    const their = theirs.values[round];
    return their === undefined ? [] : [compare(bar, our, their)];
  });
  return {
    value,
    range: [Math.min(...each), Math.max(...each)],
    met: conditions.every(({ met }) => met) && meets(bar, value),
  };
}

function compare(bar: Bar, ours: number, theirs: number): number {
  if (bar.kind === 'times as fast, at least') return theirs / ours;
  return bar.kind === 'apart, at most' ? Math.abs(ours - theirs) : ours / theirs;
}

function meets(bar: Bar, value: number): boolean {
  if (bar.kind === 'times as fast, at least') return value >= bar.factor;
  return value <= (bar.kind === 'apart, at most' ? bar.difference : bar.factor);
}
