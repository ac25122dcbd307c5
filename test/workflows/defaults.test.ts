import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ticksUntil } from '../support/ticks.ts';
import { startWorld, type World } from './world.ts';

/** Ten seconds, of which a tick is a tenth. */
const PROMISED_TICKS = 100;
const HOUR_S = 3600;
let world: World;

beforeAll(async () => {
  // Long enough for the worker's own bound of what a heartbeat is held back to be the one that counts.
  world = await startWorld({
    shards: 1,
    target: { timeouts: { heartbeat: '2m' } },
    rareHeartbeats: true,
  });
});
afterAll(() => world?.stop());
beforeEach(() => world.source.calm());

test('what fails is tried again for hours, as long as nobody configures otherwise', async () => {
  const run = await world.holdfast.start('backup', { target: 'metrics' });
  await run.result();
  const { events } = await run.fetchHistory();
  const tried = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: one }) =>
    one ? [{ name: one.activityType?.name, pausesS: pausesOf(one.retryPolicy ?? {}) }] : [],
  );
  const moving = tried.filter(({ name }) =>
    /^(capture|store|commit|page|transfer|stream)/.test(name ?? ''),
  );
  expect(moving.length).toBeGreaterThan(2);
  for (const { name, pausesS } of moving)
    expect(pausesS, name ?? 'an activity').toBeGreaterThan(8 * HOUR_S);
  // The backup is there by then, and the lock keeps others waiting.
  const tidying = tried.filter(({ name }) => name === 'tidyBackup');
  expect(tidying).toEqual([{ name: 'tidyBackup', pausesS: expect.closeTo(HOUR_S, -3) as number }]);
});

// The promise is kept by every try that the machine leaves alone.
test('a cancel reaches an activity within ten seconds', { retry: 2 }, async () => {
  world.source.switches.firstByteMs = 600_000;
  const run = await world.holdfast.start('backup', { target: 'metrics' });
  await expect.poll(() => beatOf(run)).toBeGreaterThan(0);
  // Right after a heartbeat the next one is as far as it can be.
  const beat = await beatOf(run);
  await expect.poll(() => beatOf(run)).toBeGreaterThan(beat);
  await run.signal('cancel');
  expect(await ticksUntil(run.result())).toBeLessThan(PROMISED_TICKS);
  expect((await run.describe()).status.name).toBe('CANCELLED');
});

/** When the server heard the last heartbeat of the capture; 0 before. */
async function beatOf(run: WorkflowHandle): Promise<number> {
  const { pendingActivities } = (await run.describe()).raw;
  const [capture] = (pendingActivities ?? []).filter(
    ({ activityType }) => activityType?.name === 'captureBackup',
  );
  const { seconds, nanos } = capture?.lastHeartbeatTime ?? {};
  return Number(seconds ?? 0) + (nanos ?? 0) / 1e9;
}

interface RetryPolicy {
  initialInterval?: Duration | null;
  maximumInterval?: Duration | null;
  backoffCoefficient?: number | null;
  maximumAttempts?: number | null;
}
interface Duration {
  seconds?: { toString(): string } | null;
  nanos?: number | null;
}

/** The pauses between all attempts together. */
function pausesOf(policy: RetryPolicy): number {
  const inSeconds = (one: Duration | null | undefined) =>
    Number(one?.seconds ?? 0) + (one?.nanos ?? 0) / 1e9;
  const longest = inSeconds(policy.maximumInterval);
  let pause = inSeconds(policy.initialInterval);
  let sum = 0;
  for (let attempt = 1; attempt < (policy.maximumAttempts ?? 0); attempt++) {
    sum += Math.min(pause, longest);
    pause *= policy.backoffCoefficient ?? 1;
  }
  return sum;
}
