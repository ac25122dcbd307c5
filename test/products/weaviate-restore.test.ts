import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { articles, seedWeaviate } from '../support/weaviate-seed.ts';
import { directoryStorage } from '../simulators/weaviate/index.ts';
import { ended, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

type Backup = Awaited<ReturnType<WeaviateStage['take']>>['backup'];

describe('a restore of Weaviate', () => {
  let stage: WeaviateStage;
  let backup: Backup;
  beforeAll(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: 20 });
    ({ backup } = await stage.take());
  });
  beforeEach(() => stage.empty(backup));
  afterAll(() => stage[Symbol.asyncDispose]());

  const classes = () => [...stage.simulator.cluster.collections.keys()].toSorted();
  const aliases = () => Object.fromEntries(stage.simulator.cluster.aliases);
  const create = (name: string) => stage.ask('POST', '/schema', { class: name });
  const alias = (name: string, of: string) =>
    stage.ask('POST', '/aliases', { alias: name, class: of });
  const begin = async (request = {}) => {
    const plan = await stage.plan(backup, request);
    return { plan, state: await stage.session.restore.start(plan, new Date()) };
  };

  test('into an empty database says which classes and aliases it makes', async () => {
    const { summary } = await stage.plan(backup, { select: { classes: ['Article', 'Note'] } });
    expect(summary.creates).toEqual([
      'class Article',
      'class Note',
      'alias Story of class Article',
    ]);
  });

  describe('that cannot be', () => {
    test.each([
      ['rename', { rename: { Article: 'Other' } }, 'INPUT_INVALID', /under its own name only/],
      ['onConflict: rename', { onConflict: 'rename' }, 'INPUT_INVALID', /under its own name only/],
      ['buckets', { select: { buckets: ['x'] } }, 'INPUT_INVALID', /which has classes/],
      ['a class that it lacks', { select: { classes: ['X'] } }, 'SELECTION_EMPTY', /Article, Note/],
      ['no class', { select: { classes: [] } }, 'SELECTION_EMPTY', /names no class.*Article, Note/],
    ] as const)('refuses %s in one sentence', async (_, request, code, message) => {
      await expect(stage.plan(backup, request as object)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as string,
      });
    });

    test.each([
      ['a class', () => create('Article'), /class Article/],
      ['a class that differs in case', () => create('ARTICLE'), /class ARTICLE \(which counts as/],
      [
        'an alias that bears the name of a class',
        async () => {
          await create('Else');
          await alias('Article', 'Else');
        },
        /alias Article/,
      ],
      ['a class that bears the name of an alias', () => create('Story'), /classes where.*Story/],
    ])('refuses, before anything starts, to meet %s', async (_, arrange, message) => {
      await arrange();
      const before = [classes(), aliases(), stage.simulator.requests.length];
      await expect(stage.plan(backup)).rejects.toMatchObject({
        code: 'DESTINATION_EXISTS',
        message: expect.stringMatching(message) as string,
      });
      expect([classes(), aliases()]).toEqual(before.slice(0, 2));
      const asked = stage.simulator.requests.slice(before[2] as number);
      expect(asked.filter(({ method }) => method !== 'GET')).toEqual([]);
    });

    test('touches nothing when a class appears after the plan', async () => {
      const plan = await stage.plan(backup);
      await create('Article');
      await expect(stage.session.restore.start(plan, new Date())).rejects.toMatchObject({
        code: 'DESTINATION_CHANGED',
      });
      expect(classes()).toEqual(['Article']);
    });
  });

  describe('that replaces', () => {
    test('says what it drops, is destructive, and drops it first', async () => {
      await seedWeaviate(stage.simulator, { objects: 3 });
      const plan = await stage.plan(backup, {
        select: { classes: ['Art*'] },
        onConflict: 'replace',
      });
      expect(plan.summary).toMatchObject({
        destructive: true,
        creates: [],
        replaces: ['class Article (dropped before)'],
        bound: ['alias Story of class Article'],
      });
      const { totals } = await stage.restore(plan, backup);
      expect(totals).toMatchObject({ artifacts: 1, failed: { count: 0 } });
      expect(stage.simulator.cluster.collections.get('Article')?.count()).toBe(20);
      expect(stage.simulator.cluster.collections.get('Photo')?.count()).toBe(3);
    });

    test('moves an alias only then; else it stays, and that is said', async () => {
      await create('Else');
      await alias('Story', 'Else');
      const kept = await stage.plan(backup);
      expect(kept.summary).toMatchObject({ destructive: false });
      expect(kept.summary.creates).not.toContain('alias Story of class Article');
      expect(kept.summary.warnings.map(({ code }) => code)).toEqual(['ALIAS_NOT_RESTORED']);
      await stage.restore(kept, backup);
      expect(aliases()).toEqual({ Story: 'Else' });
      const moved = await stage.plan(backup, { onConflict: 'replace' });
      expect(moved.summary.replaces).toContain('alias Story (moved from Else)');
      await stage.restore(moved, backup);
      expect(aliases()).toEqual({ Story: 'Article' });
    });

    describe('drops nothing', () => {
      const EVERY = ['Article', 'Note', 'Photo'];
      const replacing = async () => {
        const plan = {
          ...(await stage.plan(backup, { onConflict: 'replace' })),
          // Nothing was asked for yet.
          asked: null,
        };
        return async (since = new Date()) => {
          const state = await stage.session.restore.start(plan, since);
          await ended(() => stage.session.restore.poll(plan, state));
          expect(stage.simulator.cluster.collections.get('Article')?.count()).toBe(20);
        };
      };
      beforeEach(() => seedWeaviate(stage.simulator, { objects: 3 }));

      test.each(['another backup', 'the same backup'])(
        'while somebody else restores %s',
        async (which) => {
          const { name } = which === 'another backup' ? await stage.take() : backup;
          const start = await replacing();
          stage.switches.restoreHangs = true;
          await stage.ask('POST', `/backups/s3/${name}/restore`, {});
          await expect(start()).rejects.toMatchObject({
            code: 'TARGET_BUSY',
            message: expect.stringMatching(
              `TRANSFERRING of its restore of backup ${name},`,
            ) as string,
            hint: expect.stringContaining(`${name}/restore_config.json`) as string,
          });
          // However long it takes.
          await expect(start(new Date(Date.now() - 3_600_000))).rejects.toThrow(
            'nothing was dropped',
          );
          expect(classes()).toEqual(EVERY);
          stage.simulator.calm();
          await expect
            .poll(() => stage.ask('GET', `/backups/s3/${name}/restore`))
            .toMatchObject({ status: 'FAILED' });
          await start();
        },
      );

      test('while a node is away, or is not there any more', async () => {
        const start = await replacing();
        stage.switches.nodeDown = true;
        await expect(start()).rejects.toMatchObject({ code: 'TARGET_ERROR' });
        stage.simulator.calm();
        const plan = await stage.plan(backup, { onConflict: 'replace' });
        const mapped = stage.open({ connection: { nodeMapping: { node1: 'gone' } } });
        await expect(mapped.restore.start(plan, new Date())).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
        });
        expect(classes()).toEqual(EVERY);
      });

      test('where something before the server answers in its place', async () => {
        const start = await replacing();
        stage.switches.proxyReloads = { at: ['classDelete'] };
        await expect(start()).rejects.toMatchObject({ code: 'TARGET_BUSY' });
        expect(classes()).toEqual(EVERY);
      });
    });

    test('says what is missing when the server refuses it after that', async () => {
      await seedWeaviate(stage.simulator, { objects: 3 });
      const plan = await stage.plan(backup, { onConflict: 'replace' });
      const start = () => stage.session.restore.start(plan, new Date());
      stage.switches.storageAway = { at: ['restore'] };
      await expect(start()).rejects.toThrow(
        /The classes Article, Note, Photo were dropped for it and are missing until the restore has begun\.$/,
      );
      // Another attempt finds nothing to drop any more.
      stage.switches.storageAway = false;
      stage.switches.storageDenied = true;
      await expect(start()).rejects.toThrow(
        /Article, Note, Photo were dropped .* are missing now\.$/,
      );
    });

    test('does not drop again what an attempt before it has begun to restore', async () => {
      await seedWeaviate(stage.simulator, { objects: 3 });
      const plan = await stage.plan(backup, { onConflict: 'replace' });
      stage.switches.answerLost = { at: ['restore'], times: 1 };
      const since = new Date();
      await expect(stage.session.restore.start(plan, since)).rejects.toMatchObject({
        code: 'TARGET_UNREACHABLE',
      });
      await ended(() => stage.session.restore.poll(plan, {}));
      const state = await stage.session.restore.start(plan, since);
      const { totals } = await stage.session.restore.prove(plan, state, backup, () => undefined);
      expect(totals.failed.count).toBe(0);
    });
  });

  describe('whose end an earlier one still tells', () => {
    test('is told apart from it', async () => {
      await stage.restore(await stage.plan(backup), backup);
      for (const name of classes()) await stage.ask('DELETE', `/schema/${name}`);
      const plan = await stage.plan(backup);
      expect(await stage.session.restore.poll(plan, {})).toMatchObject({ state: 'absent' });
      stage.switches.restoreHangs = true;
      const state = await stage.session.restore.start(plan, new Date());
      expect(await stage.session.restore.poll(plan, state)).toMatchObject({ state: 'running' });
      stage.simulator.calm();
      await ended(() => stage.session.restore.poll(plan, state));
      expect(classes()).toEqual(['Article', 'Note', 'Photo']);
      await stage.session.restore.finish(plan, state);
      await expect(access(join(stage.folder, backup.name, 'restore_config.json'))).rejects.toThrow(
        'ENOENT',
      );
    });

    test('does not begin beside a cancel that is not finished, and in the end says why', async () => {
      await stage.plant(`${backup.name}/restore_config.json`, {
        id: backup.name,
        status: 'CANCELLING',
        error: '',
        version: '2.1',
        nodes: {},
        startedAt: '2026-01-01T00:00:00Z',
        completedAt: '0001-01-01T00:00:00Z',
      });
      const plan = await stage.plan(backup);
      const start = (since: number) =>
        stage.session.restore.start(plan, new Date(Date.now() - since));
      await expect(start(0)).rejects.toMatchObject({ code: 'TARGET_BUSY' });
      await expect(start(3_600_000)).rejects.toMatchObject({
        code: 'JOB_STUCK',
        hint: expect.stringContaining(`${backup.name}/restore_config.json`) as string,
      });
    });

    test('fails when the server accepts it and never begins', async () => {
      stage.switches.restoreIgnored = true;
      const { plan, state } = await begin();
      expect(await ended(() => stage.session.restore.poll(plan, state))).toEqual({
        state: 'failed',
        words: 'the server accepted the restore and never began it',
      });
    });
  });

  test('that runs is not taken for gone when something before the server answers 404', async () => {
    stage.switches.restoreHangs = true;
    const { plan, state } = await begin();
    stage.switches.proxyReloads = { at: ['restoreStatus'] };
    await expect(stage.session.restore.poll(plan, state)).rejects.toMatchObject({
      code: 'TARGET_BUSY',
    });
    stage.simulator.calm();
    const end = await ended(() => stage.session.restore.poll(plan, state));
    expect(end.state).toBe('succeeded');
  });

  describe('that ends badly', () => {
    test('says which classes came in, and removes just those', async () => {
      await create('Else');
      stage.switches.restorePartial = { at: ['Photo'] };
      const { plan, state } = await begin();
      const end = await ended(() => stage.session.restore.poll(plan, state));
      expect(end.state).toBe('failed');
      expect(end.words).toMatch(/of 3 classes these are there: Article, Note$/);
      const undone = await stage.session.restore.undo(plan, state, false);
      expect(undone.removed.toSorted()).toEqual(['class Article', 'class Note']);
      expect(classes()).toEqual(['Else']);
    });

    test('leaves a class that somebody else made meanwhile', async () => {
      stage.switches.restoreHangs = true;
      const { plan, state } = await begin();
      await create('Article');
      stage.simulator.calm();
      const end = await ended(() => stage.session.restore.poll(plan, state));
      expect(end.words).toMatch(/already exists/);
      const undone = await stage.session.restore.undo(plan, undefined, false);
      expect(undone.quarantined).toEqual(['class Article (made by somebody else meanwhile)']);
      expect(classes()).toEqual(['Article']);
    });

    test('is cancelled, and what appears afterwards all the same is removed', async () => {
      Object.assign(stage.switches, { restoreHangs: true, restoreRunsOn: true });
      const { plan, state } = await begin();
      await stage.session.restore.cancel(plan, state);
      stage.switches.restoreHangs = false;
      const end = await ended(() => stage.session.restore.poll(plan, state));
      expect(end.state).toBe('cancelled');
      await stage.session.restore.undo(plan, state, false);
      expect(classes()).toEqual([]);
    });

    test('tells what was dropped for it and cannot come back', async () => {
      await seedWeaviate(stage.simulator, { objects: 3 });
      stage.switches.restoreFails = 1;
      const { plan, state } = await begin({ onConflict: 'replace' });
      await ended(() => stage.session.restore.poll(plan, state));
      const undone = await stage.session.restore.undo(plan, state, false);
      expect(undone.lost).toContain('class Article');
      expect(undone.removed.join()).not.toContain('Article');
    });
  });

  describe('into another cluster', () => {
    const other = (nodes: string[]) =>
      weaviateStage({ nodes, storage: directoryStorage(stage.folder, 's3') });
    const storage = () => ({ storage: { type: 'directory', path: stage.folder } });

    test('needs to know which node takes over from which', async () => {
      await using there = await other(['a']);
      const plain = there.open({ connection: storage() });
      await expect(there.plan(backup, {}, plain)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/has the nodes a.*needs node1/) as string,
      });
      const mapped = there.open({
        connection: { ...storage(), nodeMapping: { node1: 'a' } },
      });
      const plan = await there.plan(backup, {}, mapped);
      const { totals } = await there.restore(plan, backup, mapped);
      expect(totals).toMatchObject({ artifacts: 4, failed: { count: 0 } });
    });

    test('brings users and roles only when told, and warns of them in every backup', async () => {
      await using source = await weaviateStage();
      await source.write([]);
      await source.ask('POST', '/schema', { class: 'Article' });
      await source.write(articles(0, { objects: 2 }));
      Object.assign(source.simulator.cluster.access, {
        users: { eve: { hash: 'x' } },
        roles: { reader: ['read'] },
      });
      const taken = await source.take();
      expect(taken.inventory.warnings.map(({ code }) => code)).toEqual(['CREDENTIALS_IN_BACKUP']);
      await source.ask('DELETE', '/schema/Article');
      Object.assign(source.simulator.cluster.access, { users: {}, roles: {} });
      const without = await source.plan(taken.backup);
      expect(without.summary.leaves).toHaveLength(2);
      await source.restore(without, taken.backup);
      expect(source.simulator.cluster.access).toEqual({ users: {}, roles: {} });
      await source.ask('DELETE', '/schema/Article');
      const session = source.open({
        connection: { users: { restore: true }, roles: { restore: true } },
      });
      const plan = await source.plan(taken.backup, {}, session);
      expect(plan.summary.creates).toContain('users of the backup');
      await source.restore(plan, taken.backup, session);
      expect(Object.keys(source.simulator.cluster.access.users)).toEqual(['eve']);
    });
  });
});
