import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { countPoints, createBucket } from '../support/influx.ts';
import { causeOf, startWorld, type World } from './world.ts';

const SHARDS = 40;
const UPLOAD = /\/restore\/shards\/\d+$/;
let world: World;
let backup: BackupReport;
let points: Record<string, number>;

beforeAll(async () => {
  world = await startWorld({ shards: SHARDS });
  backup = await world.holdfast.run('backup', { target: 'metrics' });
  points = await countPoints(world.source, 'telemetry');
});
afterAll(() => world?.stop());
beforeEach(() => {
  world.source.calm();
  world.spare.calm();
});

describe('restore', () => {
  test('brings one bucket back under a new name, proves every shard, and records the proof', async () => {
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      backup: backup.backup,
      select: { buckets: ['telemetry'] },
      rename: { telemetry: 'again' },
    });
    expect(report.proof).toEqual({ identical: SHARDS, equivalent: 0 });
    expect(await countPoints(world.source, 'again')).toEqual(points);
    const files = await world.files();
    expect(files.filter((file) => file.includes('/proofs/'))).toHaveLength(1);
    expect(files.filter((file) => /\/(work|leases)\//.test(file))).toEqual([]);
  });

  test('stays, with a warning, when the store takes no proof of it', async () => {
    const other = await world.holdfast.run('backup', { target: 'metrics' });
    await writeFile(join(world.store.path, 'metrics', other.backup, 'proofs'), 'in the way');
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      backup: other.backup,
      select: { buckets: ['telemetry'] },
      rename: { telemetry: 'without-proof' },
    });
    expect(report.warnings).toMatchObject([{ code: 'PROOF_NOT_KEPT' }]);
    expect(await countPoints(world.source, 'without-proof')).toEqual(points);
    await rm(join(world.store.path, 'metrics', other.backup), { recursive: true });
  });

  test('shows with dryRun what it would do, and does nothing', async () => {
    const before = await bucketNames(world.spare);
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      into: 'spare',
      select: { buckets: ['telemetry'] },
      dryRun: true,
    });
    expect(report.plan.creates.join()).toContain('telemetry');
    expect(report.restored).toEqual([]);
    expect(await bucketNames(world.spare)).toEqual(before);
  });

  test('sends no faster than its destination allows', async () => {
    const rate = 100 * 1024;
    Object.assign(world.config.targets['spare']!, { limits: { bytesPerSecond: '100KiB' } });
    await world.holdfast.configure(world.config);
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      into: 'spare',
      select: { buckets: ['telemetry'] },
      rename: { telemetry: 'slowly' },
    });
    delete world.config.targets['spare']!['limits'];
    await world.holdfast.configure(world.config);
    // However slow the machine is, it takes at least this long.
    expect(report.bytes).toBeGreaterThan(2 * rate);
    expect(report.durationMs / 1000).toBeGreaterThan(report.bytes / rate - 1);
  });

  test('goes into another target, and sends once more what came back different', async () => {
    // At shards of the forty, whichever these are at the destination.
    world.spare.switches.restoreDiskFull = 1;
    world.spare.switches.restoreFlipsBit = 1;
    world.spare.switches.bucketAnswerLost = 1;
    world.spare.switches.unavailable = 2;
    const uploads = () =>
      world.spare.requests.filter(({ method, path }) => method === 'POST' && UPLOAD.test(path));
    const before = uploads().length;
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      into: 'spare',
      select: { buckets: ['telemetry'] },
    });
    expect(world.spare.switches).toMatchObject({
      restoreDiskFull: 0,
      restoreFlipsBit: 0,
      bucketAnswerLost: 0,
      unavailable: 0,
    });
    expect(report.proof).toEqual({ identical: SHARDS, equivalent: 0 });
    expect(uploads().length - before).toBeGreaterThan(SHARDS);
    expect(await countPoints(world.spare, 'telemetry')).toEqual(points);
  });

  test('tells apart what the server has compacted meanwhile', async () => {
    world.spare.switches.compactAfterRestore = 2;
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      into: 'spare',
      select: { buckets: ['telemetry'] },
      rename: { telemetry: 'compacted' },
    });
    expect(report.proof).toEqual({ identical: SHARDS - 2, equivalent: 2 });
    expect(await countPoints(world.spare, 'compacted')).toEqual(points);
  });

  test('fails, names the shards and keeps the rest aside when a shard cannot be proven', async () => {
    world.spare.switches.restoreFlipsBit = true;
    const failure = await world.holdfast
      .run('restore', {
        target: 'metrics',
        into: 'spare',
        select: { buckets: ['telemetry'] },
        rename: { telemetry: 'doubtful' },
      })
      .catch(causeOf);
    expect(failure).toMatchObject({ type: 'RESTORE_NOT_PROVEN' });
    expect(String(failure)).toMatch(/shard \d+/);
    const names = await bucketNames(world.spare);
    expect(names).not.toContain('doubtful');
    expect(names.filter((name) => name.includes('unproven'))).toHaveLength(1);
  });

  test('keeps what is proven, when somebody takes its name before it is given', async () => {
    world.spare.switches.restoreAnswerMs = 60_000;
    const run = await world.holdfast.start('restore', {
      target: 'metrics',
      into: 'spare',
      select: { buckets: ['telemetry'] },
      rename: { telemetry: 'wanted' },
    });
    const temporary = /^wanted\.restoring-/;
    const named = () => bucketNames(world.spare);
    await expect.poll(named).toContainEqual(expect.stringMatching(temporary));
    await createBucket(world.spare, 'wanted');
    world.spare.calm();
    expect(await run.result().catch(causeOf)).toMatchObject({ type: 'DESTINATION_CHANGED' });
    expect((await run.query<Progress>('progress')).warnings).toContainEqual({
      code: 'QUARANTINED',
      message: expect.stringContaining('it is proven') as string,
    });
    const kept = (await bucketNames(world.spare)).find((name) =>
      name.startsWith('wanted.unproven'),
    );
    expect(await countPoints(world.spare, kept ?? 'nothing is kept')).toEqual(points);
  });

  test('refuses a bucket that exists, before anything is changed', async () => {
    const before = await bucketNames(world.source);
    const failure = await world.holdfast
      .run('restore', { target: 'metrics', select: { buckets: ['telemetry'] } })
      .catch(causeOf);
    expect(failure).toMatchObject({ type: 'DESTINATION_EXISTS' });
    expect(await bucketNames(world.source)).toEqual(before);
  });

  test('replaces a bucket beside it and keeps the old one by name', async () => {
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      backup: backup.backup,
      select: { buckets: ['telemetry'] },
      onConflict: 'replace',
      confirm: 'metrics',
    });
    expect(report.restored.join()).toContain('telemetry');
    expect(await bucketNames(world.source)).toContain(`telemetry.replaced-${backup.backup}`);
    expect(await countPoints(world.source, 'telemetry')).toEqual(points);
  });

  test.each([
    [{ onConflict: 'replace' }, 'CONFIRM_REQUIRED'],
    [{ onConflict: 'replace', confirm: 'metrix' }, 'CONFIRM_REQUIRED'],
    [{ confirm: 'nothing' }, 'CONFIRM_REQUIRED'],
    [{ into: 'spair' }, 'TARGET_UNKNOWN'],
    [{ backup: '2020-01-01t00-00-00z-abcdef' }, 'BACKUP_UNKNOWN'],
    [{ backup: 'yesterday' }, 'INPUT_INVALID'],
    [{ select: { buckets: ['no-such-bucket'] } }, 'SELECTION_EMPTY'],
  ])('refuses %j with %s', async (more, type) => {
    const failure = await world.holdfast
      .run('restore', { target: 'metrics', ...more } as never)
      .catch(causeOf);
    expect(failure).toMatchObject({ type });
  });

  test('replaces the whole server after a safety backup, and proves it', async () => {
    world.config.targets['spare']!['safetyBackup'] = true;
    await world.holdfast.configure(world.config);
    const report = await world.holdfast.run('restore', {
      target: 'metrics',
      backup: backup.backup,
      into: 'spare',
      confirm: 'spare',
    });
    expect(report.plan.destructive).toBe(true);
    expect(report.safetyBackup).toMatch(/^\d{4}-/);
    expect(report.proof.identical).toBe(SHARDS);
    // The tokens are the source's from now on.
    const restored = { ...world.spare, url: world.spare.url, token: world.source.token };
    expect(await countPoints(restored, 'telemetry')).toEqual(points);
    // What was replaced comes back only for those who name it.
    const latest = await world.holdfast
      .run('restore', { target: 'spare', dryRun: true })
      .catch(causeOf);
    expect(latest).toMatchObject({ type: 'BACKUP_UNKNOWN' });
    expect(String(latest)).toContain(`${report.safetyBackup}: it was taken before a restore`);
  });

  test('says of a server that a cancel left half replaced what it is now', async () => {
    // The tokens are the source's since the whole server was replaced.
    process.env['TEST_SPARE_TOKEN'] = world.source.token;
    world.config.targets['spare']!['safetyBackup'] = false;
    await world.holdfast.configure(world.config);
    world.spare.requests.length = 0;
    world.spare.switches.restoreAnswerMs = 60_000;
    const run = await world.holdfast.start('restore', {
      target: 'metrics',
      backup: backup.backup,
      into: 'spare',
      confirm: 'spare',
    });
    // The plan announces an upload to a shard that cannot exist.
    const sent = () =>
      world.spare.requests.some(({ path }) => /\/restore\/shards\/\d{1,9}$/.test(path));
    await expect.poll(sent).toBe(true);
    await run.cancel();
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    const { warnings } = await run.query<Progress>('progress');
    expect(warnings.find(({ code }) => code === 'REPLACED_LOST')?.message).toMatch(
      new RegExp(
        `everything at InfluxDB at http\\S+ \\(it has the metadata of backup ${backup.backup} now`,
      ),
    );
  });
});

async function bucketNames(server: { url: string; token: string }): Promise<string[]> {
  const response = await fetch(`${server.url}/api/v2/buckets?limit=100`, {
    headers: { authorization: `Token ${server.token}` },
  });
  const { buckets } = (await response.json()) as { buckets: { name: string }[] };
  return buckets.map(({ name }) => name);
}
