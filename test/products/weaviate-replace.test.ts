import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askWeaviate } from '../support/weaviate-data.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, newName, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

describe('a restore of Weaviate that replaces', () => {
  let stage: WeaviateStage;
  let backup: Awaited<ReturnType<WeaviateStage['take']>>['backup'];
  beforeAll(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: 20 });
    ({ backup } = await stage.take());
  });
  beforeEach(async () => {
    await stage.empty(backup);
    await seedWeaviate(stage.simulator, { objects: 3 });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const ARTICLE = { select: { classes: ['Article'] }, onConflict: 'replace' as const };
  const objects = () => stage.simulator.cluster.collections.get('Article')?.count();
  const begin = async (session = stage.session) => {
    const plan = await stage.plan(backup, ARTICLE, session);
    return { plan, state: await session.restore.start(plan, new Date()) };
  };

  test('tells the server of no node that the backup does not have', async () => {
    const nodeMapping = { node1: 'node1', old2: 'new2' };
    const session = stage.open({ connection: { nodeMapping } });
    const { plan, state } = await begin(session);
    const end = await ended(() => session.restore.poll(plan, state));
    expect(end.state).toBe('succeeded');
    expect(objects()).toBe(20);
  });

  test('does not take an answer without a word for a beginning', async () => {
    const plan = await stage.plan(backup, ARTICLE);
    const start = () => stage.session.restore.start(plan, new Date());
    stage.switches.answerEmpty = { at: ['restore'], times: 1 };
    await expect(start()).rejects.toMatchObject({
      code: 'TARGET_ERROR',
      message: expect.stringMatching(
        /HTTP 200 that does not say .* Article were dropped/,
      ) as string,
    });
    const state = await start();
    expect(await ended(() => stage.session.restore.poll(plan, state))).toMatchObject({
      state: 'succeeded',
    });
  });

  test('neither does a backup', async () => {
    const name = newName();
    const since = new Date();
    stage.switches.answerEmpty = { at: ['create'], times: 1 };
    const start = () => stage.session.backup.start(name, since);
    await expect(start()).rejects.toMatchObject({ code: 'TARGET_ERROR' });
    await start();
    expect(await ended(() => stage.session.backup.poll(name))).toMatchObject({
      state: 'succeeded',
    });
    await stage.session.backup.remove(name);
  });

  describe('beside clients that go on writing', () => {
    /** As a server does for whoever writes to a class that is not there. */
    const recreate = async () => {
      await stage.ask('POST', '/schema', { class: 'Article' });
      const id = '00000000-0000-4000-8000-000000000001';
      await stage.write([{ class: 'Article', id, properties: { title: 'new' } }]);
    };
    const LOST = [
      expect.stringMatching(/^class Article \(.* somebody else\. .*AUTOSCHEMA_ENABLED/),
    ];

    test('names the old class as lost, and nobody’s new one as restored', async () => {
      stage.switches.restoreHangs = true;
      const { plan, state } = await begin();
      await recreate();
      stage.simulator.calm();
      const end = await ended(() => stage.session.restore.poll(plan, state));
      expect(end.words).toMatch(
        /of 1 classes these are there: none; made by somebody else meanwhile: Article\. .*AUTOSCHEMA/,
      );
      const undone = await stage.session.restore.undo(plan, state, false);
      expect(undone).toEqual({
        removed: [],
        quarantined: ['class Article (made by somebody else meanwhile)'],
        lost: LOST,
      });
      expect(objects()).toBe(1);
    });

    test('does not drop what they made when it asks again', async () => {
      const plan = await stage.plan(backup, ARTICLE);
      const start = () => stage.session.restore.start(plan, new Date());
      stage.switches.storageAway = { at: ['restore'] };
      await expect(start()).rejects.toThrow('Article were dropped');
      await recreate();
      stage.simulator.calm();
      await expect(start()).rejects.toMatchObject({
        code: 'DESTINATION_CHANGED',
        hint: expect.stringContaining('AUTOSCHEMA_ENABLED') as string,
      });
      expect(objects()).toBe(1);
      const undone = await stage.session.restore.undo({ ...plan, asked: null }, undefined, false);
      expect(undone.lost).toEqual(LOST);
    });

    test('says nothing of a class that was never dropped', async () => {
      const plan = await stage.plan(backup, ARTICLE);
      const undone = await stage.session.restore.undo({ ...plan, asked: null }, undefined, false);
      expect(undone).toEqual({ removed: [], quarantined: [] });
    });
  });

  test.each<[string, Parameters<typeof weaviateStage>[0], string, number]>([
    ['that another node coordinates', { nodes: ['node1', 'node2'] }, 'node2', 601_000],
    ['of a server that knows no path', { version: '1.24.20' }, 'node1', 61_000],
  ])('waits for a restore %s, however long', async (_, options, node, elapsedMs) => {
    await using one = await weaviateStage(options);
    await one.ask('POST', '/schema', { class: 'Article' });
    const { backup: own } = await one.take();
    const { name: other } = await one.take();
    const plan = await one.plan(own, ARTICLE);
    one.switches.restoreHangs = true;
    const at = { url: one.simulator.urls[node] ?? '', apiKey: undefined };
    await askWeaviate(at, 'POST', `/backups/s3/${other}/restore`, { include: ['Article'] });
    const told = () => askWeaviate(at, 'GET', `/backups/s3/${other}/restore`);
    await expect.poll(told).toMatchObject({ status: 'TRANSFERRING' });
    const since = new Date(Date.now() - elapsedMs);
    await expect(one.session.restore.start(plan, since)).rejects.toMatchObject({
      code: 'TARGET_BUSY',
      message: expect.stringContaining(`restore of backup ${other}`) as string,
    });
    expect([...one.simulator.cluster.collections.keys()]).toContain('Article');
  });

  describe('of a server that died while it restored', () => {
    test('ends, and says so', async () => {
      stage.switches.restoreCoordinatorDies = 1;
      const { plan, state } = await begin();
      const end = await ended(() => stage.session.restore.poll(plan, state));
      expect(end).toMatchObject({
        state: 'failed',
        words: expect.stringMatching(/^TRANSFERRING, but the server was started anew/) as string,
      });
      const undone = await stage.session.restore.undo(plan, state, false);
      expect(undone.lost).toEqual(['class Article']);
    });

    test('is in nobody’s way', async () => {
      const { backup: other } = await stage.take();
      const dead = await stage.plan(other, ARTICLE);
      stage.switches.restoreCoordinatorDies = 1;
      const state = await stage.session.restore.start(dead, new Date());
      await ended(() => stage.session.restore.poll(dead, state));
      await stage.ask('POST', '/schema', { class: 'Article' });
      const begun = await begin();
      await ended(() => stage.session.restore.poll(begun.plan, begun.state));
      expect(objects()).toBe(20);
      await stage.session.backup.remove(other.name);
    });

    test('is waited for where another node may still know of it, until its file is removed', async () => {
      await using two = await weaviateStage({ nodes: ['node1', 'node2'] });
      await seedWeaviate(two.simulator, { objects: 3 });
      const { name, backup: own } = await two.take();
      const plan = await two.plan(own, ARTICLE);
      await two.plant(`${name}/restore_config.json`, {
        id: name,
        status: 'TRANSFERRING',
        error: '',
        version: '2.1',
        nodes: {},
        startedAt: new Date().toISOString(),
        completedAt: '0001-01-01T00:00:00Z',
      });
      const start = (since: number) =>
        two.session.restore.start({ ...plan, asked: null }, new Date(Date.now() - since));
      await expect(start(0)).rejects.toMatchObject({ code: 'TARGET_BUSY' });
      await expect(start(601_000)).rejects.toMatchObject({
        code: 'TARGET_BUSY',
        hint: expect.stringContaining(`remove the object ${name}/restore_config.json`) as string,
      });
      expect([...two.simulator.cluster.collections.keys()]).toContain('Article');
      await rm(join(two.folder, name, 'restore_config.json'));
      const state = await start(601_000);
      expect(await ended(() => two.session.restore.poll(plan, state))).toMatchObject({
        state: 'succeeded',
      });
    });
  });
});
