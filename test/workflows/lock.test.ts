import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { HASTE, startWorld, type World } from './world.ts';

const TWENTY_MINUTES = 20 * 60;
let world: World;

beforeAll(async () => {
  world = await startWorld({
    shards: 1,
    target: { timeouts: { ...HASTE, lockWait: `${TWENTY_MINUTES}s` } },
  });
});
afterAll(() => world?.stop());

/** A lock that no operation of ours holds, for as long as the test likes. */
function holdByHand() {
  return world.holdfast.client.workflow.start('lock', {
    taskQueue: TASK_QUEUE,
    workflowId: 'target/metrics',
    args: [{ operation: 'backup', workflowId: 'by hand', since: '2026-11-20T02:00:00Z' }],
  });
}

test('the wait for a lock is given all the time that it may take', async () => {
  const lock = await holdByHand();
  const run = await world.holdfast.start('backup', { target: 'metrics' });
  try {
    await expect
      .poll(async () => {
        const { events } = await run.fetchHistory();
        const waiting = events?.find(
          ({ activityTaskScheduledEventAttributes: scheduled }) =>
            scheduled?.activityType?.name === 'waitForLock',
        );
        return Number(
          waiting?.activityTaskScheduledEventAttributes?.startToCloseTimeout?.seconds ?? 0,
        );
      })
      .toBeGreaterThan(TWENTY_MINUTES);
  } finally {
    await lock.signal('release');
  }
  expect(await run.result()).toMatchObject({ state: 'ok' });
});
