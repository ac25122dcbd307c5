import { expect, test } from 'vitest';
import { planLines } from '../../client/runs/restore-lines.ts';
import type { RestorePlan } from '../../workflows/contract/operations.ts';

const PLAN: RestorePlan = {
  backup: '2026-11-20t02-00-00z-7f3a1c',
  from: 'metrics',
  into: 'spare',
  destructive: false,
  creates: [],
  replaces: ['acme/telemetry'],
  leaves: [],
  bound: [],
  artifacts: 1,
  bytes: 1000,
  warnings: [],
};

test.each([
  ['was not given', undefined, 'This REPLACES what is in spare; it needs --confirm spare'],
  ['names another', 'metrics', 'This REPLACES what is in spare; it needs --confirm spare'],
  ['names it', 'spare', 'This REPLACES what is in spare'],
])('what a plan that replaces asks for, where --confirm %s', (_, confirm, says) => {
  expect(planLines(PLAN, confirm).at(-1)).toBe(says);
});
