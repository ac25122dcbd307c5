import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startGate } from '../support/weaviate-gate.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

describe('aliases that a restore of Weaviate takes', () => {
  let stage: WeaviateStage;
  let backup: Awaited<ReturnType<WeaviateStage['take']>>['backup'];
  beforeAll(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: 5 });
    ({ backup } = await stage.take());
  });
  beforeEach(async () => {
    await stage.empty(backup);
    await create('New');
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const create = (name: string) => stage.ask('POST', '/schema', { class: name });
  const alias = (name: string, of: string) =>
    stage.ask('POST', '/aliases', { alias: name, class: of });
  const aliases = () => Object.fromEntries(stage.simulator.cluster.aliases);
  const plan = (classes = ['Article']) =>
    stage.plan(backup, { select: { classes }, onConflict: 'replace' });

  /** Of the classes Article, which comes, and Photo, which does not. */
  async function half() {
    stage.switches.restorePartial = { at: ['Photo'] };
    const planned = await plan(['Article', 'Photo']);
    const state = await stage.session.restore.start(planned, new Date());
    const end = await ended(() => stage.session.restore.poll(planned, state));
    expect(end.state).toBe('failed');
    return { planned, state };
  }

  describe('to make room for a class', () => {
    beforeEach(() => alias('Article', 'New'));

    /** Before the server refused, so that nothing began. */
    async function dropped() {
      const planned = await plan();
      stage.switches.storageAway = { at: ['restore'] };
      await expect(stage.session.restore.start(planned, new Date())).rejects.toThrow(
        'The aliases Article (of class New) were dropped for it and are missing until',
      );
      stage.simulator.calm();
      expect(aliases()).toEqual({});
      return { ...planned, asked: null };
    }
    async function cancelled() {
      stage.switches.restoreHangs = true;
      const planned = await plan();
      expect(planned.summary.replaces).toEqual(['alias Article (dropped before)']);
      const state = await stage.session.restore.start(planned, new Date());
      expect(aliases()).toEqual({});
      await stage.session.restore.cancel(planned, state);
      stage.switches.restoreHangs = false;
      const end = await ended(() => stage.session.restore.poll(planned, state));
      expect(end.state).toBe('cancelled');
      return { planned, state };
    }

    test('are there again when it is undone', async () => {
      const { planned, state } = await cancelled();
      const undone = await stage.session.restore.undo(planned, state, false);
      expect(undone).toEqual({ removed: [], quarantined: [] });
      expect(aliases()).toEqual({ Article: 'New' });
    });

    test('are there again when the server was never asked for the restore', async () => {
      const planned = await dropped();
      const undone = await stage.session.restore.undo(planned, undefined, false);
      expect(undone).toEqual({ removed: [], quarantined: [] });
      expect(aliases()).toEqual({ Article: 'New' });
    });

    test.each<[string, () => Promise<unknown>, string]>([
      [
        'their class is gone',
        () => stage.ask('DELETE', '/schema/New'),
        'which is not there either',
      ],
      ['a class took their name', () => create('Article'), 'a class bears its name now'],
    ])('are named as lost when %s', async (_, meanwhile, why) => {
      const planned = await dropped();
      await meanwhile();
      const { lost } = await stage.session.restore.undo(planned, undefined, false);
      expect(lost).toEqual([`alias Article of class New (${why})`]);
    });

    test('are named as lost when the server refuses to make them anew', async () => {
      await using gate = await startGate(stage.simulator.url);
      const planned = await dropped();
      gate.refuse(/^POST \/v1\/aliases/, { status: 403 });
      const session = stage.open({ connection: { url: gate.url } });
      const { lost } = await session.restore.undo(planned, undefined, false);
      expect(lost).toEqual([
        expect.stringMatching(/^alias Article of class New \(.* lacks a right .*403/),
      ]);
    });

    test('are left when somebody else has made them anew', async () => {
      const planned = await dropped();
      await create('Newer');
      await alias('Article', 'Newer');
      const undone = await stage.session.restore.undo(planned, undefined, false);
      expect(undone).toEqual({ removed: [], quarantined: [] });
      expect(aliases()).toEqual({ Article: 'Newer' });
    });
  });

  describe('to let them point to a class of the backup', () => {
    beforeEach(() => alias('Story', 'New'));

    test('point again to where they did when it is undone', async () => {
      const { planned, state } = await half();
      expect(aliases()).toEqual({ Story: 'Article' });
      const undone = await stage.session.restore.undo(planned, state, false);
      expect(undone).toEqual({ removed: ['class Article'], quarantined: [] });
      expect(aliases()).toEqual({ Story: 'New' });
    });

    test('stay, and are named, where their class is kept', async () => {
      const { planned, state } = await half();
      const { quarantined } = await stage.session.restore.undo(planned, state, true);
      expect(quarantined).toEqual([
        expect.stringContaining('class Article (not proven'),
        'alias Story (of class Article now, of class New before)',
      ]);
      expect(aliases()).toEqual({ Story: 'Article' });
    });
  });

  test.each(['Article', 'Story'])('are not taken when %s points elsewhere by now', async (name) => {
    await alias(name, 'New');
    const planned = await plan();
    await create('Newer');
    await stage.ask('PUT', `/aliases/${name}`, { class: 'Newer' });
    const before = aliases();
    await expect(stage.session.restore.start(planned, new Date())).rejects.toMatchObject({
      code: 'DESTINATION_CHANGED',
      message: expect.stringContaining(`the aliases ${name} (of class Newer)`) as string,
    });
    expect(aliases()).toEqual(before);
  });
});
