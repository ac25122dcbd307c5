import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { unreadable } from '../support/unreadable.ts';
import { causeOf, SHARDS, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());
beforeEach(() => world.source.calm());

describe('backup', () => {
  test('commits a complete backup and leaves nothing of its work', async () => {
    const report = await world.holdfast.run('backup', {
      target: 'metrics',
      note: 'first',
      tags: { why: 'test' },
    });
    const manifest = await world.manifest(report.backup);
    const files = (await world.files()).filter((file) => file.includes(report.backup));
    const data = files.filter((file) => file.includes('/data/'));

    expect(manifest).toMatchObject({
      format: 1,
      id: report.backup,
      target: 'metrics',
      state: 'ok',
      note: 'first',
      tags: { why: 'test' },
      product: { name: 'influxdb-v2', version: '2.9.1' },
    });
    expect(report.artifacts).toBe(SHARDS + 2);
    expect(data).toHaveLength(manifest.totals.objects);
    expect(files).toHaveLength(data.length + 2);
  });

  test('leaves alone what a verify keeps that has begun before it was tidied up', async () => {
    world.source.switches.firstByteMs = 60_000;
    const run = await world.holdfast.start('backup', { target: 'metrics' });
    const claim = /^metrics\/([^/]+)\/work\/run\.json$/;
    let backup = '';
    const claimed = async () => {
      const ids = (await world.files()).map((file) => claim.exec(file)?.[1]);
      backup = ids.find((id) => id !== undefined) ?? '';
      return backup;
    };
    await expect.poll(claimed).not.toBe('');
    const page = `metrics/${backup}/work/0a1b2c3d-verify/page-0000.json`;
    await mkdir(join(world.store.path, dirname(page)));
    await writeFile(join(world.store.path, page), '[]');
    world.source.calm();
    await run.result();
    const kept = (await world.files()).filter((file) => file.includes(`${backup}/work/`));
    expect(kept).toEqual([page]);
  });

  test('goes on after a source that breaks off, resets, stalls, garbles and refuses', async () => {
    world.source.switches.shardCut = 2;
    world.source.switches.shardTail = 1;
    world.source.switches.shardBroken = 1;
    world.source.switches.shardReset = 2;
    world.source.switches.shardStalls = 1;
    world.source.switches.shardGarbled = 1;
    world.source.switches.unavailable = 2;
    world.source.switches.metadataCut = 1;
    const report = await world.holdfast.run('backup', { target: 'metrics' });
    expect(report.artifacts).toBe(SHARDS + 2);
    const verified = await world.holdfast.run('verify', {
      target: 'metrics',
      backup: report.backup,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, findings: [] });
  });

  test('says which wishes its product does nothing with', async () => {
    const taken = await world.holdfast.run('backup', { target: 'metrics', full: true });
    expect(taken.warnings).toContainEqual({
      code: 'INPUT_NOT_ACTED_ON',
      message: '`full` does nothing with influxdb-v2: each of its backups is complete by itself.',
      subject: 'full',
    });
    const planned = await world.holdfast.run('restore', {
      target: 'metrics',
      keepDeleted: true,
      dryRun: true,
    });
    expect(planned.warnings.map(({ code }) => code)).toContain('INPUT_NOT_ACTED_ON');
  });

  test('drops a shard that vanished at the source, and says so', async () => {
    world.source.switches.shardVanished = { shards: [7] };
    const report = await world.holdfast.run('backup', { target: 'metrics' });
    expect(report.artifacts).toBe(SHARDS + 1);
    expect(report.warnings.map(({ code }) => code)).toContain('SHARD_GONE');
  });

  test('is suspect without a shard that the source could not open, until a person accepts it', async () => {
    await world.holdfast.run('backup', { target: 'metrics' });
    world.source.switches.shardUnopened = { shards: [9] };
    const lacking = await world.holdfast.run('backup', { target: 'metrics' });
    expect(lacking.state).toBe('suspect');
    expect(lacking.warnings).toContainEqual(
      expect.objectContaining({
        code: 'SHARD_UNREADABLE',
        subject: 'acme/telemetry/shard 9',
      }),
    );
    const plan = await world.holdfast.run('restore', {
      target: 'metrics',
      backup: lacking.backup,
      into: 'spare',
      dryRun: true,
    });
    const codes = plan.warnings.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['BACKUP_DOUBTFUL', 'SHARD_UNREADABLE']));
    const tags = { 'accept-shrunk': 'yes' };
    expect((await world.holdfast.run('backup', { target: 'metrics', tags })).state).toBe('ok');
    const next = await world.holdfast.run('backup', { target: 'metrics' });
    expect(next.state).toBe('ok');
    expect(next.warnings.map(({ code }) => code)).not.toContain('SHARD_UNREADABLE');
  });

  test('an emptied source is suspect, and stays so until a person accepts it', async () => {
    await world.holdfast.run('backup', { target: 'metrics' });
    await world.source.shrink(0.2);
    for (const _ of ['first', 'second']) {
      const report = await world.holdfast.run('backup', { target: 'metrics' });
      expect(report.state).toBe('suspect');
      expect(report.warnings.map(({ code }) => code)).toContain('SOURCE_SHRUNK');
    }
    const tags = { 'accept-shrunk': 'yes' };
    expect(await world.holdfast.run('backup', { target: 'metrics', tags })).toMatchObject({
      state: 'ok',
    });
    expect(await world.holdfast.run('backup', { target: 'metrics' })).toMatchObject({
      state: 'ok',
    });
  });

  test('another compression is no smaller source', async () => {
    const metrics = world.config.targets['metrics']!;
    const connection = metrics['connection'] as object;
    const compress = (compression: string) => {
      metrics['connection'] = { ...connection, compression };
      return world.holdfast.configure(world.config);
    };
    await world.source.shrink(0);
    // Little but the zeros that fill up a tar.
    world.source.generate({ bucket: 'small', shards: 200, shardBytes: 512 });
    const tags = { 'accept-shrunk': 'yes' };
    const plain = await world.holdfast.run('backup', { target: 'metrics', tags });
    await compress('default');
    const smaller = await world.holdfast.run('backup', { target: 'metrics' });
    await compress('none');
    expect(smaller.plainBytes).toBeLessThan(plain.plainBytes / 2);
    expect(smaller.state).toBe('ok');
  });

  test('fails with one sentence when the token is wrong, without trying for hours', async () => {
    process.env['TEST_SOURCE_TOKEN'] = 'not-a-token';
    const failure = await world.holdfast.run('backup', { target: 'metrics' }).catch(causeOf);
    process.env['TEST_SOURCE_TOKEN'] = world.source.token;
    expect(failure).toMatchObject({ type: 'AUTH_REJECTED' });
    expect(String(failure)).toContain(world.source.url);
    expect(String(failure)).not.toContain('not-a-token');
  });

  test.each([
    [{ target: 'metrix' }, 'TARGET_UNKNOWN', /metrics/],
    [{}, 'INPUT_INVALID', /target/],
    ['metrics', 'INPUT_INVALID', /object/],
    [null, 'INPUT_INVALID', /object/],
    [{ target: 7 }, 'INPUT_INVALID', /target/],
    [{ target: 'metrics', nite: 'x' }, 'INPUT_INVALID', /note/],
  ])('refuses the input %j at once', async (input, type, message) => {
    const failure = await world.holdfast.run('backup', input as never).catch(causeOf);
    expect(failure).toMatchObject({ type });
    expect(String(failure)).toMatch(message);
  });

  test('refuses an input that no converter reads', async () => {
    const failure = await world.holdfast.run('backup', unreadable() as never).catch(causeOf);
    expect(failure).toMatchObject({ type: 'INPUT_INVALID' });
    expect(String(failure)).toContain('json/protobuf');
  });

  test.each(['bakcup', 'Backup', 'watch'])('the workflow type %s fails at once', async (type) => {
    const { client } = world.holdfast;
    const args = [{ target: 'metrics' }];
    const options = { workflowId: `by hand/${type}`, taskQueue: TASK_QUEUE, args };
    const failure = await client.workflow.execute(type, options).catch(causeOf);
    expect(failure).toMatchObject({ type: 'INPUT_INVALID' });
    expect(String(failure)).toContain(`no workflow "${type}"; it has backup, restore, verify`);
  });
});
