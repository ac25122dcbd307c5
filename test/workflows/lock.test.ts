import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { causeOf, HASTE, startWorld, type World } from './world.ts';

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

type Run = Awaited<ReturnType<World['holdfast']['start']>>;

/** The seconds that a run gives its wait for a lock, once it waits. */
async function patience(run: Run): Promise<number> {
  const { events } = await run.fetchHistory();
  const waiting = events?.find(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'waitForLock',
  );
  return Number(waiting?.activityTaskScheduledEventAttributes?.startToCloseTimeout?.seconds ?? 0);
}

test('the wait for a lock is given all the time that it may take', async () => {
  const lock = await holdByHand();
  const run = await world.holdfast.start('backup', { target: 'metrics' });
  try {
    await expect.poll(() => patience(run)).toBeGreaterThan(TWENTY_MINUTES);
  } finally {
    await lock.signal('release');
  }
  expect(await run.result()).toMatchObject({ state: 'ok' });
});

test('a restore that waited for longer than its lease lasts changes nothing when its backup is being removed', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
  const lock = await holdByHand();
  const run = await world.holdfast.start('restore', {
    target: 'metrics',
    backup,
    select: { buckets: ['telemetry'] },
    rename: { telemetry: 'again' },
  });
  try {
    await expect.poll(() => patience(run)).toBeGreaterThan(TWENTY_MINUTES);
    await writeFile(join(world.store.path, 'metrics', backup, 'deleting.json'), '{}');
  } finally {
    await lock.signal('release');
  }
  expect(await run.result().catch(causeOf)).toMatchObject({ type: 'BACKUP_UNKNOWN' });
  const changes = world.source.requests.filter(
    ({ method, path }) => method === 'POST' && path.includes('/restore/'),
  );
  expect(changes).toEqual([]);
});
