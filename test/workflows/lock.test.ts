import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../activities/config/config.ts';
import { createWorker } from '../../worker/create-worker.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { summariesIn } from '../support/summaries.ts';
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
function holdByHand(target = 'metrics') {
  return world.holdfast.client.workflow.start('lock', {
    taskQueue: TASK_QUEUE,
    workflowId: `target/${target}`,
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

test('a lock whose holder died while nobody could look is fenced for one heartbeat time-out, and no longer', async () => {
  const { holdfast, config } = world;
  const far = { ...config.targets['metrics'], timeouts: HASTE, taskQueue: 'far' };
  await holdfast.configure({ ...config, targets: { ...config.targets, far } });
  const run = await holdfast.start('backup', { target: 'far' });
  const waiting = async () => (await run.describe()).raw.pendingActivities?.[0]?.activityType?.name;
  await expect.poll(waiting).toBe('lookAtLock');
  const scheduled = Date.now();
  const lock = await holdByHand('far');
  await expect.poll(() => Date.now() - scheduled).toBeGreaterThan(2_000);
  await lock.terminate();

  const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  const worker = await createWorker({
    connection,
    namespace: holdfast.namespace,
    taskQueue: 'far',
    loadConfig: () => loadConfig({ path: holdfast.configPath }),
    searchable: () => Promise.resolve(true),
    spoolRoot: join(holdfast.folder, 'far'),
  });
  await worker.runUntil(() => run.result());
  await connection.close();
  await holdfast.configure(config);
  const history = await run.fetchHistory();
  expect(summariesIn(history)).toContain('fencing target/far');
  const fence = history.events?.find(
    ({ timerStartedEventAttributes }) => timerStartedEventAttributes,
  );
  const { seconds, nanos } = fence?.timerStartedEventAttributes?.startToFireTimeout ?? {};
  expect(Number(seconds) + (nanos ?? 0) / 1e9).toBeLessThanOrEqual(3);
});
