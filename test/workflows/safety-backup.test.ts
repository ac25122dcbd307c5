import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { createBucket, deletePoints, writeLines } from '../support/influx.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call, seedArticles } from './seed-articles.ts';
import { causeOf, startWorld, type World } from './world.ts';

const WHOLE = { target: 'metrics', into: 'spare', confirm: 'spare' };

async function safetyManifest(store: string, backup: string | undefined): Promise<Manifest> {
  const text = await readFile(join(store, 'spare', String(backup), 'backup.json'), 'utf8');
  return JSON.parse(text) as Manifest;
}

describe('before a whole server is replaced', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld({ shards: 3 });
    world.config.targets['spare']!['safetyBackup'] = true;
    await world.holdfast.configure(world.config);
    // What is as its set-up left it needs no safety backup.
    await createBucket(world.spare, 'precious');
    await createBucket(world.spare, 'history');
    const hours = Array.from({ length: 8 }, (_, hour) => hour);
    await writeLines(
      world.spare,
      'history',
      hours.flatMap((hour) => [`cpu,host=a v=1 ${hour * 3600}`, `cpu,host=b v=2 ${hour * 3600}`]),
    );
    await world.holdfast.run('backup', { target: 'metrics' });
  });
  afterEach(() => world?.stop());

  test('everything is kept, also what the backups of the destination leave out', async () => {
    const spare = world.config.targets['spare']!;
    spare['connection'] = { ...(spare['connection'] as object), select: { buckets: ['precious'] } };
    await world.holdfast.configure(world.config);
    const report = await world.holdfast.run('restore', WHOLE);
    expect(report.plan.replaces.join(' ')).toContain('acme/history');
    const { detail } = await safetyManifest(world.store.path, report.safetyBackup);
    expect(detail).toMatchObject({ shards: 8 });
    expect(detail).not.toHaveProperty('select');
    expect(detail['buckets']).toContainEqual(
      expect.objectContaining({ bucket: 'history', shards: 8 }),
    );
  });

  test('the way back is open with the tokens that a restore broke off brought along', async () => {
    world.spare.switches.restoreFlipsBit = true;
    const broken = await world.holdfast.start('restore', WHOLE);
    await broken.result().catch(causeOf);
    const { warnings } = await broken.query<Progress>('progress');
    const lost = warnings.find(({ code }) => code === 'REPLACED_LOST');
    expect(lost?.message).toContain('takes the token of target metrics');
    world.spare.calm();
    const again = await world.holdfast.run('restore', WHOLE);
    expect(again.warnings.map(({ code }) => code)).toContain('TOKEN_CHANGED');
    expect((await safetyManifest(world.store.path, again.safetyBackup)).state).toBe('ok');

    const [first] = warnings.filter(({ code }) => code === 'SAFETY_BACKUP');
    const backup = /is kept as backup (\S+) of/.exec(first?.message ?? '')?.[1] ?? '';
    const back = { target: 'spare', backup, confirm: 'spare' };
    const spare = world.config.targets['spare']!;
    const tokenAfterRestore = { env: 'TEST_SOURCE_TOKEN' };
    spare['connection'] = { ...(spare['connection'] as object), tokenAfterRestore };
    await world.holdfast.configure(world.config);
    await world.holdfast.run('backup', { target: 'spare' });
    const { restored, warnings: told } = await world.holdfast.run('restore', back);
    expect(restored).toContain('acme/precious');
    expect(told.map(({ code }) => code)).not.toContain('TOKEN_CHANGED');
    await world.holdfast.run('backup', { target: 'spare' });
  });

  test('what the safety backup warns of is told as its own, once', async () => {
    await world.holdfast.run('backup', { target: 'spare' });
    await deletePoints(world.spare, 'history', 'host="b"');
    await world.spare.shrink(0.2);
    const handle = await world.holdfast.start('restore', WHOLE);
    const { safetyBackup, warnings } = (await handle.result()) as {
      safetyBackup: string;
      warnings: Progress['warnings'];
    };
    const { state, warnings: kept } = await safetyManifest(world.store.path, safetyBackup);
    expect(state).toBe('suspect');
    const codes = kept.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['SOURCE_SHRUNK', 'TOMBSTONES_PRESENT']));
    const about = warnings.filter(({ message }) =>
      message.startsWith(`Safety backup ${safetyBackup}`),
    );
    expect(about.map(({ code }) => code)).toEqual(['SAFETY_BACKUP_SUSPECT', ...codes]);
    expect(warnings.filter(({ message }) => kept.some((one) => one.message === message))).toEqual(
      [],
    );
    expect((await handle.query<Progress>('progress')).warnings).toEqual(warnings);
  });

  test('one that cannot be taken is told as that while it is tried, with the way on without it', async () => {
    const plan = await world.holdfast.run('restore', { ...WHOLE, dryRun: true });
    expect(plan.plan.safetyBackup).toBe(true);
    world.spare.switches.shardReset = true;
    const handle = await world.holdfast.start('restore', WHOLE);
    const page = async () => {
      const { currentDetails } = await handle.query<{ currentDetails?: string }>(
        '__temporal_workflow_metadata',
      );
      return currentDetails;
    };
    await expect
      .poll(page, { timeout: 30_000 })
      .toMatch(/^### safety backup: streaming\n[^]*\*\*Attempt \d+\*\*[^]*--no-safety-backup/);
    await handle.signal('cancel');
    await handle.result().catch(() => undefined);
    const { phase, warnings } = await handle.query<Progress>('progress');
    expect(phase).toBe('cancelled');
    expect(warnings.map(({ code }) => code)).not.toContain('SAFETY_BACKUP_FAILED');
  });

  test('a restore that fails for want of it says so', async () => {
    const spare = world.config.targets['spare']!;
    spare['timeouts'] = { ...(spare['timeouts'] as object), attempts: 2 };
    await world.holdfast.configure(world.config);
    world.spare.switches.shardReset = true;
    const handle = await world.holdfast.start('restore', WHOLE);
    expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'SOURCE_TRUNCATED' });
    const { phase, warnings } = await handle.query<Progress>('progress');
    expect(phase).toMatch(/^failed: /);
    expect(warnings).toContainEqual({
      code: 'SAFETY_BACKUP_FAILED',
      message: expect.stringMatching(/ of spare .* --no-safety-backup /) as string,
    });
  });

  test('a restore that fails names the backup of what was there before', async () => {
    world.spare.switches.restoreFlipsBit = true;
    const handle = await world.holdfast.start('restore', WHOLE);
    expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'RESTORE_NOT_PROVEN' });
    const { warnings } = await handle.query<Progress>('progress');
    const told = warnings.filter(({ code }) => code === 'SAFETY_BACKUP');
    expect(told).toHaveLength(1);
    const [, safety] = /as backup (\S+) of spare in disk\.$/.exec(told[0]?.message ?? '') ?? [];
    expect(await world.files()).toContain(`spare/${safety}/backup.json`);
  });
});

describe('before classes are replaced', () => {
  let world: DelegatedWorld;
  beforeEach(async () => {
    world = await startDelegatedWorld();
  });
  afterEach(() => world?.stop());

  test('a way back that lies beside the database alone is told as that', async () => {
    world.config.targets['spare']!['safetyBackup'] = true;
    await world.holdfast.configure(world.config);
    await seedArticles(world.spare.url);
    await world.holdfast.run('backup', { target: 'articles' });
    const onConflict = 'replace' as const;
    const input = { target: 'articles', into: 'spare', onConflict, confirm: 'spare' };
    const { safetyBackup, sameFailureDomain } = await world.holdfast.run('restore', input);
    expect(sameFailureDomain).toEqual({ copy: `copy/spare/${safetyBackup}` });

    world.spare.switches.restoreFails = true;
    const handle = await world.holdfast.start('restore', input);
    expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'JOB_FAILED' });
    const { warnings } = await handle.query<Progress>('progress');
    expect(warnings).toContainEqual({
      code: 'SAFETY_BACKUP',
      message: expect.stringMatching(
        /as backup (\S+) of spare, whose bytes lie beside the database alone until copy\/spare\/\1 has ended\.$/,
      ) as string,
    });
  });

  test.each([
    ['include', { include: ['Other'] }],
    ['exclude', { exclude: ['Article'] }],
  ])('everything is kept, whatever `%s` says', async (_, filter) => {
    const spare = world.config.targets['spare']!;
    spare['safetyBackup'] = true;
    spare['connection'] = { ...(spare['connection'] as object), ...filter };
    await world.holdfast.configure(world.config);
    await seedArticles(world.spare.url);
    await call(world.spare.url, 'POST', '/v1/schema', { class: 'Other', vectorizer: 'none' });
    await world.holdfast.run('backup', { target: 'articles' });
    const report = await world.holdfast.run('restore', {
      target: 'articles',
      into: 'spare',
      onConflict: 'replace',
      confirm: 'spare',
      select: { classes: ['Article'] },
    });
    expect(report.plan.replaces.join(' ')).toContain('Article');
    const { detail } = await safetyManifest(world.store, report.safetyBackup);
    expect(detail['classes']).toEqual(['Article', 'Note', 'Other']);
    // It is no measure for backups of a part.
    expect(await world.holdfast.run('backup', { target: 'spare' })).toMatchObject({ state: 'ok' });
  });
});
