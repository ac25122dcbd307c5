import { expect, test } from 'vitest';
import { eta } from '../../workflows/eta.ts';

const NOW = Date.parse('2026-11-20T02:00:00Z');

test('tells when all will be done, at the pace so far', () => {
  expect(eta(0.25, 10_000, NOW)).toBe('2026-11-20T02:00:30.000Z');
});

test.each([0, 1, 1.5, Number.NaN, 1e-9, 1e-300, Number.MIN_VALUE])(
  'foretells nothing of a share of %d',
  (share) => {
    expect(eta(share, 900_000, NOW)).toBeUndefined();
  },
);
