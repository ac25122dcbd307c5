import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { requireSchedule } from '../../client/schedules/find-schedules.ts';
import { timesBetween } from '../../client/schedules/times-between.ts';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { freshNamespace } from '../support/namespace.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { run as runCommand, type Ran } from './command.ts';

let folder: TemporaryFolder;
let connection: Connection;
let client: Client;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await temporaryFolder('schedules');
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address);
  connection = await openConnection({ address });
  client = new Client({ connection, namespace });
  env = {
    HOLDFAST_CONFIG: join(folder.path, 'holdfast.yaml'),
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
  };
});
afterAll(async () => {
  await connection?.close();
  await folder?.remove();
});

const run = (...args: string[]): Promise<Ran> => runCommand(args, { env });

async function configure(schedules: Record<string, string>): Promise<void> {
  const targets = Object.entries(schedules).map(
    ([name, schedule]) =>
      `  ${name}: { product: influxdb-v2, connection: { url: "http://a", token: { env: T } }, store: disk, ${schedule} }`,
  );
  const stores = 'stores: { disk: { type: directory, path: ./b } }';
  await writeFile(env['HOLDFAST_CONFIG'] ?? '', [stores, 'targets:', ...targets, ''].join('\n'));
}

describe('holdfast schedule apply', () => {
  it('shows what it would do, and does it only when told so', async () => {
    await configure({
      metrics: 'schedule: { cron: "30 2 * * 1-5", timeZone: Europe/Berlin, jitter: 10m }',
      plain: 'schedule: { cron: "@daily" }',
    });
    const asked = await run('schedule', 'apply');
    expect(asked.code).toBe(4);
    expect(asked.stderr).toMatch(/^\+ backup\/metrics {2}create\n {4}cron: 30 2 \* \* 1-5\n/);
    await expect(client.schedule.getHandle('backup/metrics').describe()).rejects.toThrow();

    const applied = await run('schedule', 'apply', '--yes', '--json');
    expect(applied.code).toBe(0);
    expect(applied.result).toMatchObject({ applied: true });
    const metrics = await client.schedule.getHandle('backup/metrics').describe();
    expect(metrics.spec).toMatchObject({ timezone: 'Europe/Berlin', jitter: 600_000 });
    expect(metrics.action).toMatchObject({
      workflowType: 'backup',
      workflowId: 'backup/metrics/scheduled',
      taskQueue: 'holdfast',
      args: [{ target: 'metrics' }],
    });
    const plain = await client.schedule.getHandle('backup/plain').describe();
    expect(plain.policies).toEqual({
      overlap: 'SKIP',
      catchupWindow: 7_200_000,
      pauseOnFailure: false,
    });
    expect(plain.spec.timezone).toBe('UTC');
  });

  it('changes what differs, also what was edited elsewhere, and leaves a pause alone', async () => {
    await client.schedule.getHandle('backup/plain').pause('by hand');
    await client.schedule.getHandle('backup/metrics').update((before) => ({
      ...before,
      spec: { ...before.spec, calendars: [{ hour: 5 }] },
    }));
    await configure({
      metrics: 'schedule: { cron: "30 2 * * 1-5", timeZone: Europe/Berlin, jitter: 10m }',
      plain: 'schedule: { cron: "@daily", catchUp: 1h, overlap: bufferOne, pauseOnFailure: true }',
    });
    const { code, result } = await run('schedule', 'apply', '--yes', '--json');
    expect(code).toBe(0);
    expect(result['changes']).toEqual([
      {
        schedule: 'backup/metrics',
        target: 'metrics',
        kind: 'update',
        fields: [{ name: 'cron', from: 'edited outside the configuration', to: '30 2 * * 1-5' }],
      },
      {
        schedule: 'backup/plain',
        target: 'plain',
        kind: 'update',
        fields: [
          { name: 'overlap', from: 'skip', to: 'bufferOne' },
          { name: 'catchUp', from: '2h', to: '1h' },
          { name: 'pauseOnFailure', from: 'false', to: 'true' },
        ],
        paused: 'by hand',
      },
    ]);
    const { state, policies } = await client.schedule.getHandle('backup/plain').describe();
    expect(state).toMatchObject({ paused: true, note: 'by hand' });
    expect(policies).toEqual({
      overlap: 'BUFFER_ONE',
      catchupWindow: 3_600_000,
      pauseOnFailure: true,
    });
    const again = await run('schedule', 'apply', '--json');
    expect(again.code).toBe(0);
    expect(again.result).toMatchObject({
      applied: false,
      changes: [{ kind: 'unchanged' }, { kind: 'unchanged' }],
    });
  });

  it('finds what keeps a schedule from running as it is configured, and takes it away', async () => {
    const handle = client.schedule.getHandle('backup/plain');
    await handle.update((before) => ({
      ...before,
      spec: { ...before.spec, endAt: new Date('2026-11-01T00:00:00Z') },
      action: { ...before.action, args: [{ target: 'plain', note: 'by hand' }] },
      state: { ...before.state, remainingActions: 3 },
    }));
    const { result } = await run('schedule', 'apply', '--yes', '--json');
    expect(result['changes']).toMatchObject([
      { kind: 'unchanged' },
      {
        kind: 'update',
        fields: [
          { name: 'input', from: '{"target":"plain","note":"by hand"}', to: '{"target":"plain"}' },
          { name: 'limits', from: 'until 2026-11-01T00:00:00.000Z, 3 more', to: 'none' },
        ],
      },
    ]);
    const { spec, action, state } = await handle.describe();
    expect(spec.endAt).toBeUndefined();
    expect(action.args).toEqual([{ target: 'plain' }]);
    expect(state).toMatchObject({ paused: true, note: 'by hand' });
    expect(state.remainingActions).toBeUndefined();
  });

  it('pauses after a failure from the first time on, where the configuration says so', async () => {
    await configure({ careful: 'schedule: { cron: "@daily", pauseOnFailure: true }' });
    expect((await run('schedule', 'apply', '--yes')).code).toBe(0);
    const handle = client.schedule.getHandle('backup/careful');
    expect((await handle.describe()).policies.pauseOnFailure).toBe(true);
    await handle.delete();
  });

  it('warns of days that crontab would take otherwise', async () => {
    await configure({ odd: 'schedule: { cron: "0 2 1 * 0" }' });
    const { stderr } = await run('schedule', 'apply', '--dry-run');
    expect(stderr).toMatch(/^warning CRON_DAYS \(odd\): /);
  });

  it("leaves alone what is not in the file, and what is somebody else's", async () => {
    await client.schedule.create({
      scheduleId: 'backup/foreign',
      spec: { intervals: [{ every: '1 day' }] },
      action: { type: 'startWorkflow', workflowType: 'theirs', taskQueue: 'theirs' },
    });
    await configure({
      metrics: 'schedule: { cron: "30 2 * * 1-5", timeZone: Europe/Berlin, jitter: 10m }',
      foreign: 'schedule: { cron: "@daily" }',
    });
    const { code, stdout } = await run('schedule', 'apply', '--yes');
    expect(code).toBe(4);
    expect(stdout).toContain('! backup/foreign  belongs to somebody else; not touched');
    expect(stdout).toContain('? backup/plain  not in the configuration; left alone');
    const foreign = await client.schedule.getHandle('backup/foreign').describe();
    expect(foreign.action.workflowType).toBe('theirs');
    const removed = await run('schedule', 'remove', 'foreign', '--yes', '--json');
    expect(removed.code).toBe(4);
    expect(await client.schedule.getHandle('backup/foreign').describe()).toBeDefined();
  });
});

describe('holdfast doctor', () => {
  const schedules = async () => {
    const { result } = await run('doctor', '--json');
    const checks = result['checks'] as { area: string; subject: string }[];
    return checks.filter(({ area }) => area === 'schedules');
  };

  it('says which schedules of the file will not run, and which are no longer in it', async () => {
    await configure({
      metrics: 'schedule: { cron: "30 2 * * 1-5", timeZone: Europe/Berlin, jitter: 10m }',
      plain: 'schedule: { cron: "0 4 * * *" }',
      missing: 'schedule: { cron: "@daily" }',
      foreign: 'schedule: { cron: "@daily" }',
    });
    const problem = (subject: string, message: RegExp) => ({
      area: 'schedules',
      subject,
      level: 'problem',
      message: expect.stringMatching(message) as string,
      hint: expect.any(String) as string,
    });
    expect(await schedules()).toEqual([
      { area: 'schedules', subject: 'metrics', level: 'ok', message: 'as configured' },
      problem('plain', /^differs in Temporal: cron, .*; it is paused: by hand$/),
      problem('missing', /^not in Temporal/),
      problem('foreign', /belongs to somebody else/),
    ]);
    await configure({
      plain: 'schedule: { cron: "@daily", catchUp: 1h, overlap: bufferOne, pauseOnFailure: true }',
    });
    expect((await schedules())[0]).toMatchObject({
      level: 'problem',
      message: expect.stringMatching(
        /^paused: by hand, .* but for those that a backfill/,
      ) as string,
    });
    await configure({ metrics: 'schedule: { cron: "30 2 * * 1-5", timeZone: Europe/Berlin }' });
    expect(await schedules()).toMatchObject([
      { subject: 'metrics', level: 'problem' },
      { subject: 'plain', level: 'note' },
    ]);
  });
});

describe('the other verbs of holdfast schedule', () => {
  it('list, pause, resume, trigger and remove a schedule', async () => {
    const listed = await run('schedule', 'list');
    expect(listed.stdout).toMatch(/^metrics +30 2 \* \* 1-5 +Europe\/Berlin +\d{4}-/m);
    expect(listed.stdout).toMatch(/^plain +@daily +UTC +paused/m);
    expect(listed.stdout).toMatch(/^plain is paused: by hand$/m);

    expect((await run('schedule', 'resume', 'plain')).code).toBe(0);
    expect((await run('schedule', 'pause', 'metrics', '--reason', 'because')).code).toBe(0);
    const handle = client.schedule.getHandle('backup/metrics');
    expect((await handle.describe()).state).toMatchObject({ paused: true, note: 'because' });

    expect((await run('schedule', 'trigger', 'metrics')).code).toBe(0);
    await expect.poll(async () => (await handle.describe()).info.numActionsTaken).toBe(1);
    const { code, stdout } = await run('schedule', 'trigger', 'metrics');
    expect(code).toBe(0);
    expect(stdout).toContain('begins nothing while one of its runs is under way');
    const skipped = async () => (await handle.describe()).info.numActionsSkippedOverlap;
    await expect.poll(skipped).toBe(1);
    expect((await handle.describe()).info.numActionsTaken).toBe(1);

    const kept = await run('schedule', 'remove', 'metrics', '--json');
    expect(kept.code).toBe(4);
    expect((await run('schedule', 'remove', 'metrics', '--yes')).code).toBe(0);
    await expect(handle.describe()).rejects.toThrow();
  });

  it('run what was missed', async () => {
    const { code, result } = await run(
      ...'schedule backfill plain --json --overlap allowAll'.split(' '),
      ...'--from 2026-11-01T12:00:00Z --to 2026-11-03T12:00:00Z'.split(' '),
    );
    expect(code).toBe(0);
    expect(result).toMatchObject({ schedule: 'backup/plain', times: 2 });
    const handle = client.schedule.getHandle('backup/plain');
    await expect.poll(async () => (await handle.describe()).info.numActionsTaken).toBe(2);
  });

  it.each([
    ['2026-10-01T00:00:00Z', '2026-10-05T00:00:00Z', 5],
    ['2026-10-01T00:00:01Z', '2026-10-05T00:00:01Z', 4],
    ['1990-01-01T00:00:00Z', '2026-10-05T00:00:00Z', 1_000],
  ])('count the times from %s to %s', async (from, to, expected) => {
    const session = { client, connection, namespace: env['TEMPORAL_NAMESPACE'] ?? '' };
    const schedule = await requireSchedule(session, 'plain');
    const count = async () =>
      (await timesBetween(session, schedule, new Date(from), new Date(to))).count;
    expect(await count()).toBe(expected);
    if (expected === 1_000) return;
    const handle = client.schedule.getHandle('backup/plain');
    await handle.update((before) => ({ ...before, spec: { ...before.spec, jitter: '20h' } }));
    schedule.facts.jitter = '20h';
    expect(await count()).toBe(expected);
    await handle.update((before) => ({ ...before, spec: { ...before.spec, jitter: 0 } }));
  });

  it('begin more backups than a handful only when told so', async () => {
    const range = '--from 2026-10-01T00:00:00Z --to 2026-10-06T00:00:00Z'.split(' ');
    const handle = client.schedule.getHandle('backup/plain');
    const before = (await handle.describe()).info.numActionsTaken;
    const asked = await run('schedule', 'backfill', 'plain', ...range, '--json');
    expect(asked.code).toBe(4);
    const told = expect.stringMatching(/^backup\/plain has 6 times from .* Nothing/) as string;
    expect(asked.result).toMatchObject({ error: { code: 'CONFIRM_REQUIRED', message: told } });
    expect((await handle.describe()).info.numActionsTaken).toBe(before);
    const all = ['--yes', '--overlap', 'allowAll'];
    const told6 = await run('schedule', 'backfill', 'plain', ...range, ...all);
    expect(told6.stdout).toContain('for each of its 6 times from 2026-10-01');
    await expect.poll(async () => (await handle.describe()).info.numActionsTaken).toBe(before + 6);
  });

  it('say that nothing is begun where a schedule has no time', async () => {
    const range = '--from 2026-10-01T01:00:00Z --to 2026-10-01T23:00:00Z'.split(' ');
    const { code, result } = await run('schedule', 'backfill', 'plain', ...range, '--json');
    expect(code).toBe(2);
    const message = expect.stringMatching(/^backup\/plain has no time from /) as string;
    expect(result).toMatchObject({ error: { code: 'INPUT_INVALID', message } });
  });

  it.each([
    ['2026-11-03T12:00:00Z', '2026-11-01T12:00:00Z', /must be the earlier time/],
    ['2026-11-01', '2026-11-03T12:00:00Z', /--from <time>.* RFC 3339/],
    ['2026-11-01T12:00:00Z', '2026-11-03 12:00', /--to <time>.* RFC 3339/],
    ['2026-11-01T12:00:00Z', '2199-01-01T00:00:00Z', /2199-01-01 .* has not come yet/],
  ])('refuse to run what was missed from %s to %s', async (from, to, message) => {
    const ran = await run('schedule', 'backfill', 'plain', '--from', from, '--to', to, '--json');
    expect(ran.code).toBe(2);
    const expected = expect.stringMatching(message) as string;
    expect(ran.result).toMatchObject({ error: { code: 'INPUT_INVALID', message: expected } });
  });

  it('exit with 3 for a target without a schedule, and name the nearest', async () => {
    const { code, result } = await run('schedule', 'pause', 'plian', '--json');
    expect(code).toBe(3);
    expect(result).toMatchObject({
      error: {
        code: 'SCHEDULE_UNKNOWN',
        message: expect.stringMatching(/backup\/plian .*Did you mean "plain"\?$/) as string,
      },
    });
  });
});
