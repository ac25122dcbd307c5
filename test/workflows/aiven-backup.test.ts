import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { placesOf, readable, readRuns } from '../faults/anybody-reads.ts';
import { expected, members } from '../influxdb-v1/portable-backup.ts';
import { tarArchive, type TarFile } from '../pipeline/tar-archive.ts';
import { startAivenWorld, TOKEN, type AivenWorld } from './aiven-world.ts';
import { causeOf } from './world.ts';

let world: AivenWorld;

beforeAll(async () => {
  world = await startAivenWorld();
});
afterAll(() => world?.stop());
afterEach(() => {
  world.aiven.calm();
  world.aiven.requests.length = 0;
});

/** Each complete in its own folder. */
const backUp = () => world.holdfast.run('backup', { target: 'metrics', full: true });

describe('a backup of Aiven for InfluxDB', () => {
  test('keeps the files of the tar under their own names, and passes a deep verification', async () => {
    const report = await backUp();
    expect(report).toMatchObject({ state: 'ok', artifacts: expected.members.length });
    expect(report.warnings.map(({ code }) => code)).toEqual([
      'TOMBSTONES_PRESENT',
      'METADATA_UNENCRYPTED',
    ]);
    expect(await world.data(report.backup)).toEqual(expected.members);
    expect((await world.files()).filter((file) => file.includes('/work/'))).toEqual([]);
    const { backup } = report;
    const verified = await world.holdfast.run('verify', {
      target: 'metrics',
      backup,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, findings: [] });
  });

  test.each([
    {
      what: 'a wrong token',
      prepare: () => (process.env[TOKEN] = 'not-a-token'),
      code: 'AUTH_REJECTED',
      says: 'the API does not know the token',
    },
    {
      what: 'a service that is powered off',
      prepare: () => (world.aiven.switches.state = 'POWEROFF'),
      code: 'TARGET_REFUSED',
      says: 'is powered off',
    },
    {
      what: 'a backup task that always fails',
      prepare: () => (world.aiven.switches.taskFails = true),
      code: 'JOB_FAILED',
      says: 'InfluxDB: backup: shard 7: EOF',
    },
    {
      what: 'a tar that lacks a shard',
      prepare: () => (world.aiven.switches.damage = 'missing shard'),
      code: 'SOURCE_GARBLED',
      says: 's1.tar.gz',
    },
  ])('fails with one sentence because of $what, and keeps nothing', async (failing) => {
    const before = await world.files();
    failing.prepare();
    const failure = await backUp().catch(causeOf);
    process.env[TOKEN] = world.aiven.account.token;

    expect(failure).toMatchObject({ type: failing.code });
    expect(String(failure)).toContain(failing.says);
    for (const secret of [world.aiven.account.password, world.aiven.account.token, 'not-a-token']) {
      expect(String(failure)).not.toContain(secret);
    }
    expect(await world.files()).toEqual(before);
  });
});

describe('a backup of Aiven for InfluxDB that is cancelled', () => {
  test('keeps nothing, and says what goes on at the vendor', async () => {
    world.aiven.switches.taskNeverEnds = true;
    const before = await world.files();
    const handle = await world.holdfast.start('backup', { target: 'metrics' });
    await expect.poll(polls).toBeGreaterThan(0);
    const says = async () => (await handle.query<Progress>('progress')).product;
    await expect.poll(says).toMatch(/^task [0-9a-f-]{36} is pending$/);
    await handle.signal('cancel');

    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    const { warnings } = await handle.query<Progress>('progress');
    expect(warnings).toContainEqual({
      code: 'VENDOR_GOES_ON',
      message: expect.stringMatching(
        /^Aiven service metrics of project acme-prod may still be making .* cannot stop one\./,
      ),
    });
    expect(await world.files()).toEqual(before);
  });

  test('or whose task does not end within `timeouts.job` says the same', async () => {
    world.aiven.switches.taskNeverEnds = true;
    const handle = await world.holdfast.start('backup', { target: 'impatient' });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'JOB_STUCK' } });
    const { warnings } = await handle.query<Progress>('progress');
    expect(warnings.map(({ code }) => code)).toContain('VENDOR_GOES_ON');
    expect(await world.files('impatient')).toEqual([]);
    expect(world.requested()).toBe(1);
  });

  test('says nothing of the vendor when its work is done', async () => {
    world.aiven.switches.downloadStalls = true;
    const handle = await world.holdfast.start('backup', { target: 'metrics' });
    await expect
      .poll(() => world.aiven.requests.some(({ host }) => host === 'download'))
      .toBe(true);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    const { warnings } = await handle.query<Progress>('progress');
    expect(warnings.map(({ code }) => code)).not.toContain('VENDOR_GOES_ON');
  });
});

describe('an attempt that follows another', () => {
  test('goes on with the task it had, and keeps what is stored', async () => {
    world.aiven.switches.etag = 'weak';
    // More than one attempt bridges by itself.
    world.aiven.switches.downloadReset = 4;
    const report = await backUp();
    expect(report.state).toBe('ok');
    expect(world.requested()).toBe(1);
    expect(world.aiven.requests.filter(({ host }) => host === 'download')).toHaveLength(5);
    expect(await world.data(report.backup)).toEqual(expected.members);
    // The vendor took the data after the request, however much later an attempt has them.
    const [task] = [...world.aiven.state.tasks.values()].slice(-1);
    const manifest = await readFile(join(world.store, 'metrics', report.backup, 'backup.json'));
    const { times } = JSON.parse(manifest.toString()) as Manifest;
    const created = Date.parse(task?.createdAt ?? '');
    expect(Date.parse(times.captured.from)).toBeLessThan(created + 1000);
    expect(Date.parse(times.captured.to)).toBeGreaterThan(created + 1000);
  });

  test('requests another backup when somebody else has replaced the file', async () => {
    world.aiven.switches.downloadStalls = 1;
    const handle = await world.holdfast.start('backup', { target: 'metrics', full: true });
    await expect
      .poll(() => world.aiven.requests.some(({ host }) => host === 'download'))
      .toBe(true);
    await world.aiven.replace('somebody-elses');
    const report = (await handle.result()) as BackupReport;
    expect(report.state).toBe('ok');
    expect(world.requested()).toBe(2);
    expect(await world.data(report.backup)).toEqual(expected.members);
  });
});

describe('a download that begins again and finds another backup under its name', () => {
  test('commits that one alone, and keeps nothing of the first', async () => {
    const { aiven } = world;
    const own = aiven.state.content;
    const tar = join(world.store, 'of-another-day.tar');
    await writeFile(tar, tarArchive(namedAfter('20200101T020000Z')));
    aiven.state.content = { tar };
    Object.assign(aiven.switches, { etag: 'none', downloadReset: 1 });
    const handle = await world.holdfast.start('backup', { target: 'metrics', full: true });
    await expect.poll(() => aiven.switches.downloadReset).toBe(0);
    await aiven.replace(aiven.state.slot?.name ?? '');
    aiven.state.content = own;

    const report = (await handle.result()) as BackupReport;
    await rm(tar);
    expect(world.requested()).toBe(1);
    expect(report).toMatchObject({ state: 'ok', artifacts: expected.members.length });
    expect(await world.data(report.backup)).toEqual(expected.members);
  });
});

describe('two targets of one service', () => {
  test('wait for each other', async () => {
    world.aiven.switches.taskNeverEnds = true;
    const first = await world.holdfast.start('backup', { target: 'metrics' });
    await expect.poll(polls).toBeGreaterThan(0);
    const second = await world.holdfast.start('backup', { target: 'twin' });
    await expect(second.result()).rejects.toMatchObject({
      cause: {
        type: 'LOCK_HELD',
        message: expect.stringContaining('cluster/aiven-influxdb/acme-prod/metrics'),
      },
    });
    expect(world.requested()).toBe(1);
    await first.cancel();
    await expect(first.result()).rejects.toThrow();
    world.aiven.calm();
    expect(await world.holdfast.run('backup', { target: 'twin' })).toMatchObject({ state: 'ok' });
  });
});

test('none of these runs has shown the token or the password, in its history or in the store', async () => {
  const seen = await readRuns(world.holdfast.client);
  for (const file of await world.files()) {
    seen.set(file, readable(await readFile(join(world.store, 'metrics', file))));
  }
  expect(placesOf('acme-prod', seen).length).toBeGreaterThan(10);
  const { token, password } = world.aiven.account;
  for (const secret of [token, password]) expect(placesOf(secret, seen)).toEqual([]);
});

/** The same backup, as if the tool had taken it at another time. */
function namedAfter(base: string): TarFile[] {
  const first = /^\d{8}T\d{6}Z/.exec(expected.members[0] ?? '')?.[0] ?? '';
  return [...members].map(([name, body]) => ({
    name: name.replace(first, base),
    body: name.endsWith('.manifest') ? Buffer.from(body.toString().replaceAll(first, base)) : body,
  }));
}

/** How often the vendor was asked about a task. */
function polls(): number {
  return world.aiven.requests.filter(
    ({ method, path }) => method === 'GET' && path.includes('/task/'),
  ).length;
}
