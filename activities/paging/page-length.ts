import { PAGES_IN_FLIGHT } from '../../workflows/contract/pages.ts';

/** Longer plans get longer pages, so that the history of the run stays short. */
export const MOST_PAGES = 100;

/**
 * How many items go on a page: about as many on each, on as many pages as fill every round of those under way at a time.
 * A page that is left over would work alone, with no more than its share of the streams.
 * @param most on a page, as long as that does not make too many pages
 */
export function pageLength(items: number, most: number): number {
  const rounds = Math.ceil(items / (most * PAGES_IN_FLIGHT));
  const even = Math.ceil(items / Math.max(1, rounds * PAGES_IN_FLIGHT));
  return Math.max(1, even, Math.ceil(items / MOST_PAGES));
}
