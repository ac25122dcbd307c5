import { randomBytes } from 'node:crypto';
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call, idOf } from './seed-articles.ts';
import { causeOf } from './world.ts';

let world: DelegatedWorld;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { job: '20s', stall: '3s' } });
});
afterAll(() => world?.stop());
beforeEach(() => world.database.calm());

const takeBackup = () => world.holdfast.run('backup', { target: 'articles' });

describe('a backup that the product writes', () => {
  test('is committed when it is complete, and names what the product wrote', async () => {
    const report = await takeBackup();
    const manifest = await world.manifest(report.backup);
    expect(manifest).toMatchObject({
      kind: 'delegated',
      state: 'ok',
      product: { name: 'weaviate', version: '1.38.11' },
      delegated: { name: report.backup, count: report.artifacts, bases: [] },
    });
    const written = (await filesBelow(world.storage)).filter((file) =>
      file.includes(report.backup),
    );
    expect(written.length).toBe(manifest.delegated?.count);
    const files = await filesBelow(`${world.store}/articles/${report.backup}`);
    expect(files.filter((file) => file.startsWith('work/jobs'))).toEqual([]);
    expect(files).toContain('product.ndjson.gz');
  });

  test('lies beside the database alone until its copy has ended, and says so', async () => {
    const report = await takeBackup();
    expect(report.sameFailureDomain).toEqual({ copy: `copy/articles/${report.backup}` });
    const copy = await world.copied(report.backup);
    expect(copy).toMatchObject({ backup: report.backup, store: 'disk', method: 'streamed' });
    const files = await filesBelow(`${world.store}/articles/${report.backup}`);
    expect(files).toContain('collected.json');
    const written = (await filesBelow(world.storage)).filter((file) =>
      file.includes(report.backup),
    );
    expect(files.filter((file) => file.startsWith('data/'))).toEqual(
      expect.arrayContaining(written.map((file) => `data/${file}`)),
    );
    const verified = await world.holdfast.run('verify', {
      target: 'articles',
      backup: report.backup,
      depth: 'deep',
    });
    expect(verified).toMatchObject({ ok: true, findings: [] });
  });

  test('is begun again under another name when its job fails', async () => {
    world.database.switches.backupFails = 1;
    const report = await takeBackup();
    const manifest = await world.manifest(report.backup);
    expect(manifest.delegated?.name).toBe(`${report.backup}-2`);
    expect(report.warnings.map(({ code }) => code)).toContain('ROUND_FAILED');
    const folders = (await filesBelow(world.storage)).map((file) => file.split('/')[0]);
    expect(folders).not.toContain(report.backup);
  });

  test('fails after three rounds, in the words of the product, and leaves nothing', async () => {
    world.database.switches.backupFails = true;
    const before = await filesBelow(world.storage);
    const error = await takeBackup().catch((caught: unknown) => caught);
    expect(causeOf(error)).toMatchObject({ type: 'JOB_FAILED' });
    expect(await filesBelow(world.storage)).toEqual(before);
    expect(await emptyFolders()).toEqual([]);
  });

  test('is begun again under another name when nobody is left to end its job', async () => {
    world.database.switches.coordinatorDies = 1;
    const report = await takeBackup();
    const manifest = await world.manifest(report.backup);
    expect(manifest.delegated?.name).toBe(`${report.backup}-2`);
    expect(report.warnings.map(({ code }) => code)).toContain('ROUND_FAILED');
    const folders = (await filesBelow(world.storage)).map((file) => file.split('/')[0]);
    expect(folders).not.toContain(report.backup);
  });

  test('rests on the last committed one where the target says so, unless a full one is asked for', async () => {
    const { articles } = world.config.targets;
    const connection = { ...(articles?.['connection'] as object), incremental: {} };
    const targets = { ...world.config.targets, articles: { ...articles, connection } };
    await world.holdfast.configure({ ...world.config, targets });
    const basesOf = async (input: object = {}) => {
      const { backup } = await world.holdfast.run('backup', { target: 'articles', ...input });
      const { delegated } = await world.manifest(backup);
      return { backup, bases: delegated?.bases.map((base) => base.backup) };
    };
    const first = await basesOf({ full: true });
    expect(first.bases).toEqual([]);
    const second = await basesOf();
    expect(second.bases).toEqual([first.backup]);
    expect((await basesOf()).bases).toEqual([second.backup, first.backup]);
    expect((await basesOf({ full: true })).bases).toEqual([]);
    const last = await basesOf();
    await world.copied(last.backup);
    await rm(join(world.store, 'articles', last.backup, 'data'), { recursive: true });
    const input = { target: 'articles', backup: last.backup, depth: 'quick' } as const;
    expect(await world.holdfast.run('verify', input)).toMatchObject({ ok: false });
    // Nothing comes to rest on what is known to be damaged, or on what the catalog has lost.
    const anew = await basesOf();
    expect(anew.bases).toEqual([]);
    const upon = await basesOf();
    expect(upon.bases).toEqual([anew.backup]);
    await Promise.all([world.copied(anew.backup), world.copied(upon.backup)]);
    await rm(join(world.store, 'articles', anew.backup), { recursive: true });
    const full = await basesOf();
    expect(full.bases).toEqual([]);
    await world.copied(full.backup);
    const [chunk = ''] = (await filesBelow(world.storage)).filter(
      (file) => file.startsWith(full.backup) && file.includes('/chunk-'),
    );
    await truncate(join(world.storage, chunk), 100);
    expect((await basesOf()).bases).toEqual([]);
    await world.holdfast.configure(world.config);
  });

  test('is measured by what the database held, also where it rests on another, and by nothing that it adds', async () => {
    const articles = (from: number) =>
      Array.from({ length: 500 }, (_, n) => ({
        class: 'Article',
        id: idOf(from + n),
        properties: { title: randomBytes(150).toString('base64') },
        vector: [n, n / 2, 1],
      }));
    await call(world.database.url, 'POST', '/v1/batch/objects', { objects: articles(60) });
    const { articles: target } = world.config.targets;
    const connection = { ...(target?.['connection'] as object), incremental: {} };
    await world.holdfast.configure({
      ...world.config,
      targets: { ...world.config.targets, articles: { ...target, connection } },
    });
    const take = (input: object = {}) =>
      world.holdfast.run('backup', { target: 'articles', ...input });
    const tags = { 'accept-shrunk': 'yes' };
    const full = await take({ full: true, tags });
    const second = await take();
    expect(second.plainBytes).toBeLessThan(full.plainBytes / 2);
    expect(second).toMatchObject({ state: 'ok', warnings: [] });
    // An older version called it suspect, and a person said that it is right.
    expect(await take({ tags })).toMatchObject({ state: 'ok' });
    expect(await take({ full: true })).toMatchObject({ state: 'ok', warnings: [] });

    await take();
    for (let n = 0; n < 560; n += 1) {
      await call(world.database.url, 'DELETE', `/v1/objects/Article/${idOf(n)}`);
    }
    const emptied = await take();
    expect((await world.manifest(emptied.backup)).delegated?.bases).not.toEqual([]);
    expect(emptied.state).toBe('suspect');
    expect(emptied.warnings).toContainEqual({
      code: 'SOURCE_SHRUNK',
      message:
        'This backup holds 20 objects, its predecessor 580: unless that is right, `latest` passes over it.',
    });
    expect((await take({ full: true })).state).toBe('suspect');
    expect((await take({ tags })).state).toBe('ok');
    expect((await take()).state).toBe('ok');
    await world.holdfast.configure(world.config);
  });

  test('is given up when its job never ends, and leaves nothing', async () => {
    world.database.switches.backupHangs = true;
    const before = await filesBelow(world.storage);
    const error = await takeBackup().catch((caught: unknown) => caught);
    expect(causeOf(error)).toMatchObject({ type: 'JOB_STUCK' });
    expect(await filesBelow(world.storage)).toEqual(before);
  });

  test('goes on while the product cannot be asked for a while', async () => {
    world.database.switches.unavailable = { at: ['status'], times: 5 };
    const report = await takeBackup();
    expect(report.state).toBe('ok');
  });

  test('is not committed when an object is missing after the product said SUCCESS', async () => {
    world.database.switches.chunkMissing = true;
    const before = await filesBelow(world.storage);
    const error = await takeBackup().catch((caught: unknown) => caught);
    expect(causeOf(error)).toMatchObject({ type: 'BACKUP_INCOMPLETE' });
    expect(await filesBelow(world.storage)).toEqual(before);
  });

  test('that is cancelled has the product stop, and leaves nothing', async () => {
    world.database.switches.workMs = 600_000;
    const before = await filesBelow(world.storage);
    const handle = await world.holdfast.start('backup', { target: 'articles' });
    await expect
      .poll(async () => (await handle.query<{ product?: string }>('progress')).product, {
        timeout: 30_000,
      })
      .toContain('STARTED');
    await handle.signal('cancel', { reason: 'a test' });
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await filesBelow(world.storage)).toEqual(before);
    expect(await emptyFolders()).toEqual([]);
  });
});

/** Folders of backups in the store that no manifest stands for. */
async function emptyFolders(): Promise<string[]> {
  const files = await filesBelow(world.store);
  const folders = new Set(files.map((file) => file.split('/').slice(0, 2).join('/')));
  return [...folders].filter((folder) => !files.includes(`${folder}/backup.json`));
}
