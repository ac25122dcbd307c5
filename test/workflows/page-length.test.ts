import { describe, expect, it } from 'vitest';
import { pageLength } from '../../activities/paging/page-length.ts';

/** The lengths of the pages that a list is cut into. */
function cut(items: number, most: number): number[] {
  const length = pageLength(items, most);
  const whole = Array.from({ length: Math.floor(items / length) }, () => length);
  return items % length === 0 ? whole : [...whole, items % length];
}

describe('the pages of a plan', () => {
  it('are as long as each other, and come out even for the two that are under way', () => {
    expect(cut(200, 64)).toEqual([50, 50, 50, 50]);
    expect(cut(200, 32)).toEqual([25, 25, 25, 25, 25, 25, 25, 25]);
    expect(cut(129, 64)).toEqual([33, 33, 33, 30]);
    expect(cut(5, 64)).toEqual([3, 2]);
  });

  it('are never longer than allowed, unless they would be more than a hundred', () => {
    expect(cut(128, 64)).toEqual([64, 64]);
    expect(Math.max(...cut(6_000, 64))).toBeLessThanOrEqual(64);
    expect(cut(10_000, 64)).toHaveLength(100);
  });

  it('are one for one item, and none for none', () => {
    expect(cut(1, 64)).toEqual([1]);
    expect(cut(0, 64)).toEqual([]);
  });
});
