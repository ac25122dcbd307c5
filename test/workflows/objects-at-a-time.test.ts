import { expect, test } from 'vitest';
import { throughHere } from '../../activities/copy/objects-at-a-time.ts';

const MIB = 1024 ** 2;

test.each([
  ['small ones, twice what the target allows in all pages', [100, 0, 5_000], 4, 8],
  ['of two MiB, a few', [2 * MIB, 2 * MIB, 2 * MIB], 4, 3],
  ["large ones, the page's share of what the target allows", [900 * MIB, 800 * MIB], 4, 2],
  ['large ones of a target that allows many', [900 * MIB], 64, 32],
  ['one of a target that allows one, whatever its size', [900 * MIB], 1, 1],
  ['two small ones of a target that allows one', [10], 1, 2],
  ['empty ones', [0, 0], 2, 4],
])('%s pass through a worker at a time', (_, sizes, concurrency, expected) => {
  expect(throughHere(sizes, concurrency)).toBe(expected);
});
