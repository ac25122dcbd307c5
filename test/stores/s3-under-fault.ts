import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Store } from '../../activities/stores/store.ts';
import type { Fault, FaultRule, Operation } from '../simulators/s3/faults.ts';
import { IMPATIENT, PART, simulatedS3 } from './s3-simulator.ts';

/** For test files about faults: they share the variables here, and call `underFault` once. */

/** Longer than what is gathered before parts are used. */
export const LONG = 6 * PART + 100;
export const KEY = 'metrics/2026-11-20t02-00-00z-7f3a1c/data/x.tar';

export let s3: Awaited<ReturnType<typeof simulatedS3>>;
export let store: Store;

/** Gives a test file a simulated S3, and checks it after every test. */
export function underFault(): void {
  beforeAll(async () => {
    s3 = await simulatedS3(IMPATIENT);
  });
  afterAll(async () => s3.close());
  afterEach(async () => {
    try {
      await store.close();
      expect([...s3.simulator.bucket.uploads.values()], 'open uploads').toEqual([]);
      for (const [key, writes] of s3.simulator.bucket.writes) {
        expect(writes, `commits of ${key}`).toBeLessThanOrEqual(1);
      }
      expect(s3.resources.budget.held, 'bytes held').toBe(0);
    } finally {
      s3.simulator.reset();
    }
  });
}

/** Opens the store anew and lets it learn what the simulator can, so that tests see only their own requests. */
export async function open(): Promise<Store> {
  store = s3.open();
  await store.put('warm/up', Buffer.from('x'));
  s3.simulator.seen.length = 0;
  return store;
}

export function plan(
  on: Operation | Operation[],
  fault: Fault,
  rule: Partial<FaultRule> = {},
): void {
  s3.simulator.plan({ on, fault, ...rule });
}

export const answer = (status: number, code: string): Fault => ({ kind: 'answer', status, code });

export const asked = (operation: Operation) =>
  s3.simulator.seen.filter((request) => request.operation === operation).length;

export const kept = () => s3.simulator.bucket.objects.get(`holdfast/${KEY}`)?.body;

/** Once the store has ended what it does in the background. */
export async function expectNothing(): Promise<void> {
  await store.close();
  expect(kept()).toBeUndefined();
  expect(s3.simulator.bucket.uploads.size).toBe(0);
}
