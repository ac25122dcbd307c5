import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant: a third of its letters may differ, or two letters be swapped. */
export function nearest(found: string, candidates: Iterable<string>): string | undefined {
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const apart = swapped(found, candidate)
      ? 1
      : distance(found.toLowerCase(), candidate.toLowerCase());
    const length = Math.max(candidate.length, found.length);
    const bearable = length < 4 ? 1 : Math.max(2, Math.floor(length / 3));
    if (apart <= bearable && (!best || apart < best.distance)) {
      best = { candidate, distance: apart };
    }
  }
  return best?.candidate;
}

/** Letters in the wrong order are the commonest slip, and would count twice. */
function swapped(one: string, other: string): boolean {
  const letters = (text: string) => text.toLowerCase().split('').toSorted().join('');
  return letters(one) === letters(other);
}

/** ` Did you mean "main"?`, or nothing. */
export function didYouMean(found: string, candidates: Iterable<string>): string {
  const candidate = nearest(found, candidates);
  return candidate === undefined ? '' : ` Did you mean "${candidate}"?`;
}
