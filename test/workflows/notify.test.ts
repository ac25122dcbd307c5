import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { Progress } from '../../workflows/contract/progress.ts';
import { run } from '../client/command.ts';
import { startWebhook, type Webhook } from '../support/webhook.ts';
import { causeOf, startWorld, type World } from './world.ts';

let world: World;
let webhook: Webhook;

const EVERYTHING = ['succeeded', 'warned', 'failed', 'cancelled', 'skipped'];

beforeAll(async () => {
  webhook = await startWebhook();
  process.env['TEST_WEBHOOK'] = webhook.url;
  process.env['TEST_WEBHOOK_GONE'] = webhook.url.replace('/services/', '/elsewhere/');
  world = await startWorld({ shards: 3 });
  await listen([{ webhook: { env: 'TEST_WEBHOOK' }, on: EVERYTHING }]);
});
afterAll(async () => {
  await world?.stop();
  await webhook?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  webhook.notices.length = 0;
  webhook.logins.length = 0;
});

async function listen(notify: object[], more: object = {}): Promise<void> {
  Object.assign(world.config.targets['metrics']!, { notify, ...more });
  await world.holdfast.configure(world.config);
}

test('tells a success, and keeps the address and its login out of the history', async () => {
  const handle = await world.holdfast.start('backup', { target: 'metrics' });
  const report = (await handle.result()) as { backup: string };
  expect(webhook.notices).toEqual([
    {
      text: expect.stringContaining(`backup ${report.backup} of metrics`) as string,
      operation: 'backup',
      outcome: expect.stringMatching(/^(succeeded|warned)$/) as string,
      target: 'metrics',
      product: 'influxdb-v2',
      store: 'disk',
      backup: report.backup,
      warnings: expect.any(Array) as unknown[],
      startedAt: expect.stringMatching(/Z$/) as string,
      durationMs: expect.any(Number) as number,
      workflowId: handle.workflowId,
      runId: handle.firstExecutionRunId,
    },
  ]);
  expect(webhook.logins).toEqual([`Basic ${Buffer.from('someone:a password').toString('base64')}`]);
  const history = JSON.stringify(await handle.fetchHistory());
  const payloads = [...history.matchAll(/"data":"([A-Za-z0-9+/=]+)"/g)].map(([, data]) =>
    Buffer.from(data!, 'base64').toString(),
  );
  const told = `${history}${payloads.join('')}`;
  expect(told.includes('TEST_WEBHOOK')).toBe(true);
  for (const hidden of [webhook.secret, 'a%20password', 'a password']) {
    expect(told.includes(hidden), hidden).toBe(false);
  }
});

test('waits for hours for a worker that is busy with others', async () => {
  const handle = await world.holdfast.start('backup', { target: 'metrics' });
  await handle.result();
  const { events } = await handle.fetchHistory();
  const [told] = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: one }) =>
    one?.activityType?.name === 'notify' ? [one] : [],
  );
  expect(Number(told?.scheduleToCloseTimeout?.seconds)).toBe(6 * 3_600);
  // As often as a growing pause of a second fits into some five minutes.
  expect(told?.retryPolicy?.maximumAttempts).toBe(9);
});

test('tells a failure by its code and sentence', async () => {
  const token = process.env['TEST_SOURCE_TOKEN'];
  process.env['TEST_SOURCE_TOKEN'] = 'wrong';
  const failure = await world.holdfast.run('backup', { target: 'metrics' }).catch(causeOf);
  process.env['TEST_SOURCE_TOKEN'] = token;
  const { type, message } = failure as { type: string; message: string };
  expect(webhook.notices).toMatchObject([{ outcome: 'failed', code: type, message }]);
  expect(webhook.notices[0]?.text).toContain(message);
});

test('tells a cancel, once', async () => {
  world.source.switches.firstByteMs = 600_000;
  const handle = await world.holdfast.start('backup', { target: 'metrics' });
  const phase = async () => (await handle.query<Progress>('progress')).phase;
  await expect.poll(phase).toMatch(/^capturing/);
  await handle.signal('cancel');
  await handle.result().catch(() => undefined);
  world.source.calm();
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(webhook.notices).toMatchObject([
    { outcome: 'cancelled', workflowId: handle.workflowId, warnings: [{ code: 'CANCEL_ASKED' }] },
  ]);
  expect(webhook.notices[0]?.text).toMatch(/^Holdfast: backup \S+ of metrics was cancelled\.$/);
});

test('tells of a run that does not even find its backup, which can be filtered by its target', async () => {
  const backup = '2020-01-01t00-00-00z-abcdef';
  for (const operation of ['delete', 'restore', 'verify'] as const) {
    webhook.notices.length = 0;
    const confirm = operation === 'delete' ? { confirm: backup } : {};
    const handle = await world.holdfast.start(operation, { target: 'metrics', backup, ...confirm });
    await expect(handle.result()).rejects.toThrow();
    expect(webhook.notices).toMatchObject([{ operation, outcome: 'failed', target: 'metrics' }]);
    const { typedSearchAttributes } = await handle.describe();
    const value = (name: string) => typedSearchAttributes.get({ name, type: 'KEYWORD' });
    expect([value('HoldfastTarget'), value('HoldfastOutcome')]).toEqual(['metrics', 'failed']);
  }
});

test('tells where a restore went', async () => {
  const select = { buckets: ['telemetry'] };
  const rename = { telemetry: 'elsewhere' };
  await world.holdfast.run('restore', { target: 'metrics', into: 'spare', select, rename });
  expect(webhook.notices).toMatchObject([{ operation: 'restore', into: 'spare' }]);
  expect(webhook.notices[0]?.text).toMatch(/ of metrics into spare (succeeded|is done)/);
});

test('tells nobody of a plan, neither that it was made nor that it could not be', async () => {
  const plan = { target: 'metrics', into: 'spare', dryRun: true };
  await world.holdfast.run('restore', { ...plan, select: { buckets: ['telemetry'] } });
  const impossible = { ...plan, select: { buckets: ['no-such-bucket'] } };
  await expect(world.holdfast.run('restore', impossible)).rejects.toThrow();
  expect(webhook.notices).toEqual([]);
});

test('tells without being asked for it that a scheduled run was skipped, and who held the lock', async () => {
  await listen([{ webhook: { env: 'TEST_WEBHOOK' } }]);
  const { workflow, schedule: schedules } = world.holdfast.client;
  const holder = { operation: 'backup', workflowId: 'backup/sibling/x', since: 'just now' };
  const lock = await workflow.start('lock', {
    taskQueue: 'holdfast',
    workflowId: 'target/metrics',
    args: [holder],
    memo: holder,
  });
  const schedule = await schedules.create({
    scheduleId: 'backup/metrics',
    spec: {},
    action: {
      type: 'startWorkflow',
      workflowType: 'backup',
      workflowId: 'backup/metrics/scheduled',
      taskQueue: 'holdfast',
      args: [{ target: 'metrics' }],
    },
  });
  await schedule.trigger();
  await expect.poll(() => webhook.notices, { timeout: 30_000 }).toHaveLength(1);
  await schedule.delete();
  await lock.signal('release');
  expect(webhook.notices).toMatchObject([
    {
      outcome: 'skipped',
      code: 'LOCK_HELD',
      text: expect.stringMatching(/ was skipped: .*held by backup\/sibling\/x/) as string,
    },
  ]);
  await listen([{ webhook: { env: 'TEST_WEBHOOK' }, on: EVERYTHING }]);
});

test('tells how much a verification found, and the first of it', async () => {
  world.source.generate({ bucket: 'many', shards: 100, shardBytes: 512 });
  const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
  const shards = (await world.files()).filter(
    (file) => file.includes(backup) && file.endsWith('.tar'),
  );
  expect(shards.length).toBeGreaterThan(100);
  for (const shard of shards) await writeFile(join(world.store.path, shard), 'flipped');
  webhook.notices.length = 0;
  const report = await world.holdfast.run('verify', { target: 'metrics', backup });
  expect(report).toMatchObject({ ok: false, findingsCount: shards.length });
  expect(report.findings).toHaveLength(100);
  const [first] = report.findings;
  const message = `${shards.length} findings, first: ${first?.message}`;
  expect(webhook.notices).toMatchObject([{ outcome: 'failed', code: first?.code, message }]);
  expect(webhook.notices[0]?.text).toContain(message);
});

test('asks a webhook that is down again, and tells each only what it wants to hear', async () => {
  await listen([
    { webhook: { env: 'TEST_WEBHOOK' }, on: EVERYTHING },
    { webhook: { env: 'TEST_WEBHOOK_GONE' }, on: ['failed'] },
  ]);
  webhook.answers.push(503, 429);
  await world.holdfast.run('backup', { target: 'metrics' });
  expect(webhook.notices).toHaveLength(1);
  expect(webhook.logins).toHaveLength(3);
});

test('a run ends as it ended when nobody can be told, and says so', async () => {
  await listen([
    { webhook: { env: 'TEST_WEBHOOK_GONE' }, on: EVERYTHING },
    { webhook: { env: 'TEST_WEBHOOK' }, on: EVERYTHING },
    { webhook: { env: 'TEST_WEBHOOK_UNSET' }, on: EVERYTHING },
  ]);
  const handle = await world.holdfast.start('backup', { target: 'metrics' });
  const report = (await handle.result()) as { warnings: unknown[] };
  expect(JSON.stringify(report.warnings)).not.toContain('NOT_NOTIFIED');
  expect(webhook.notices).toHaveLength(1);
  const { warnings, lastError } = await handle.query<{
    warnings: { code: string; message: string }[];
    lastError?: string;
  }>('progress');
  // It is over: an attempt that failed is none that it is in.
  expect(lastError).toBeUndefined();
  const told = warnings.filter(({ code }) => code === 'NOT_NOTIFIED').map(({ message }) => message);
  expect(told).toHaveLength(2);
  expect(told.join('\n')).toMatch(/answered 404/);
  expect(told.join('\n')).toMatch(/TEST_WEBHOOK_UNSET, which is not set/);
  expect(told.join('\n')).not.toContain(webhook.secret);

  const doctor = await run(['doctor', '--config', world.holdfast.configPath, '--json'], {
    env: {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_NAMESPACE: world.holdfast.namespace,
      ...Object.fromEntries(
        ['TEST_SOURCE_TOKEN', 'TEST_SPARE_TOKEN', 'TEST_WEBHOOK'].map((name) => [
          name,
          process.env[name] ?? '',
        ]),
      ),
      TEST_WEBHOOK_GONE: 'not an address',
    },
  });
  expect(doctor.code).toBe(8);
  const problems = JSON.stringify(doctor.result['checks']);
  expect(problems).toContain('TEST_WEBHOOK_UNSET, which is not set');
  expect(problems).toContain('variable TEST_WEBHOOK_GONE should hold the address of a webhook');
  expect(problems).not.toContain('not an address');
  expect(problems).not.toContain(webhook.secret);
});
