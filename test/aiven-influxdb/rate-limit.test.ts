import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ProductSession } from '../../activities/products/product.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { failureOf } from './failure-of.ts';
import { connectTo } from './take-backup.ts';

let aiven: AivenSimulator;
let session: ProductSession;
let pauses: number[];

beforeAll(async () => {
  aiven = await startAivenSimulator();
  session = connectTo(aiven);
});
afterAll(async () => {
  await session?.close();
  await aiven?.stop();
});
beforeEach(() => {
  pauses = [];
  const sleep = timers.setTimeout;
  // Nobody waits for what is asked for: that it is asked for is what counts.
  vi.spyOn(timers, 'setTimeout').mockImplementation(async (ms = 0, value, options) => {
    if (ms < 1000) return sleep(ms, value, options);
    pauses.push(ms);
    return value;
  });
  syncBuiltinESMExports();
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  aiven.calm();
});

test.each([
  [{ tryAgainIn: 2 }, 2_000],
  [{ tryAgainIn: 28 }, 28_000],
  [{ tryAgainIn: 999 }, 300_000],
  [{ tryAgainIn: 28, tryAgainPlace: 'header' }, 28_000],
])('the API is left alone for as long as its 429 says: %j', async (said, pause) => {
  Object.assign(aiven.switches, { tooManyRequests: 2, ...said });
  await session.preflight('backup');
  expect(pauses).toEqual([pause, pause]);
});

test('an API that goes on refusing is told after some pauses', async () => {
  Object.assign(aiven.switches, { tooManyRequests: true, tryAgainIn: 5 });
  expect((await failureOf(session.preflight('backup'))).code).toBe('TARGET_BUSY');
  expect(new Set(pauses)).toEqual(new Set([5_000]));
});
