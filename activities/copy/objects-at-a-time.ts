import { PAGES_IN_FLIGHT } from '../../workflows/contract/pages.ts';

/** From store to store nobody's database is read: what takes time is the way there and back. */
const PER_STREAM = 2;
/** What of a page passes through here at a time: more of it only crowds memory and caches. */
const PASSING_BYTES = 6 * 1024 * 1024;

/** Objects of a page that the store is asked to copy at a time. */
export function byStore(concurrency: number): number {
  return concurrency * PER_STREAM;
}

/** Objects of a page that pass through here at a time: many small ones, or as many large ones as the target allows. */
export function throughHere(sizes: number[], concurrency: number): number {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const fitting = Math.floor((PASSING_BYTES * sizes.length) / Math.max(1, bytes));
  const share = Math.floor(concurrency / PAGES_IN_FLIGHT);
  return Math.min(byStore(concurrency), Math.max(1, share, fitting));
}
