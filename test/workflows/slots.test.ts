import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { HASTE, startWorld, type World } from './world.ts';

const SLOTS = 3;
/** As Temporal's protocol numbers it: taken up by a worker, not merely scheduled. */
const STARTED = 2;
let world: World;

beforeAll(async () => {
  world = await startWorld({
    shards: 1,
    target: { timeouts: { ...HASTE, lockWait: '2h' } },
    concurrency: SLOTS,
  });
});
afterAll(() => world?.stop());

test('runs that wait for a lock keep neither their own cancel nor the work of others from a worker', async () => {
  const { client } = world.holdfast;
  const lock = await client.workflow.start('lock', {
    taskQueue: TASK_QUEUE,
    workflowId: 'target/metrics',
    args: [{ operation: 'backup', workflowId: 'by hand', since: '2026-11-20T02:00:00Z' }],
  });
  const waiting: WorkflowHandle[] = [];
  for (let i = 0; i < 2 * SLOTS; i++) {
    waiting.push(await world.holdfast.start('backup', { target: 'metrics' }));
  }
  for (const run of waiting) {
    await expect.poll(() => pending(run)).toEqual([['waitForLock', STARTED]]);
  }
  for (const run of waiting) {
    expect(await run.query<Progress>('progress')).toMatchObject({ waitingFor: 'target/metrics' });
  }

  expect(await world.holdfast.run('backup', { target: 'spare' })).toMatchObject({ state: 'ok' });
  for (const run of waiting) {
    await run.signal('cancel');
    await expect(run.result()).rejects.toThrow();
    expect((await run.describe()).status.name).toBe('CANCELLED');
  }
  await lock.signal('release');
  await lock.result();
});

test('a worker whose places are all taken hears a cancel', async () => {
  const timeouts = { ...HASTE, stall: '1h' };
  const full = await startWorld({ shards: 1, target: { timeouts }, concurrency: 1 });
  try {
    full.source.switches.firstByteMs = 600_000;
    const run = await full.holdfast.start('backup', { target: 'metrics' });
    await expect.poll(() => pending(run)).toEqual([['captureBackup', STARTED]]);

    await run.signal('cancel', { reason: 'in the way' });
    await expect(run.result()).rejects.toThrow();
    expect((await run.describe()).status.name).toBe('CANCELLED');
  } finally {
    await full.stop();
  }
});

async function pending(run: WorkflowHandle) {
  const { raw } = await run.describe();
  return raw.pendingActivities?.map(({ activityType, state }) => [activityType?.name, state]);
}
