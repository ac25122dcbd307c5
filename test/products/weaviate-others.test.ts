import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PlannedJob } from '../../activities/products/delegated.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { failureOf } from './delegated-stage.ts';
import { noted } from './noted-requests.ts';
import { ended, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

describe('a restore of the same backup that somebody else begins', () => {
  let stage: WeaviateStage;
  let backup: Awaited<ReturnType<WeaviateStage['take']>>['backup'];
  beforeAll(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: 5 });
    ({ backup } = await stage.take());
  });
  beforeEach(() => stage.empty(backup));
  afterAll(() => stage[Symbol.asyncDispose]());

  const route = () => `/backups/s3/${backup.name}/restore`;
  const theirs = (body: object = {}) => stage.ask('POST', route(), body);
  const theirEnd = () => ended(() => stage.session.restore.poll(theirPlan, {}));
  let theirPlan: PlannedJob;
  /** Theirs hangs, and began after our plan was made. */
  async function theirsRuns(body: object = {}): Promise<PlannedJob> {
    const plan = await stage.plan(backup);
    theirPlan = await stage.plan(backup);
    stage.switches.restoreHangs = true;
    await theirs(body);
    return plan;
  }

  test('is not taken for ours when every request of ours was refused', async () => {
    const plan = await theirsRuns();
    const notes = noted(plan);
    const failure = await failureOf(
      stage.session.restore.start(notes.plan(), new Date(), notes.notes),
    );
    expect([failure.code, notes.calls]).toEqual(['TARGET_BUSY', ['asking', 'refused']]);
    expect(await stage.session.restore.poll(notes.plan(), {})).toMatchObject({ state: 'absent' });
    await stage.session.restore.cancel(notes.plan(), undefined);
    stage.simulator.calm();
    expect((await theirEnd()).state).toBe('succeeded');
    expect(await stage.session.restore.undo(notes.plan(), undefined, false)).toEqual({
      removed: [],
      quarantined: [],
    });
    expect([...stage.simulator.cluster.collections.keys()]).toHaveLength(3);
  });

  test('is not taken for ours when it is of other classes', async () => {
    const plan = await theirsRuns({ include: ['Note'] });
    const lost = { ...plan, asked: { at: new Date().toISOString(), look: { earlier: null } } };
    expect(await stage.session.restore.poll(lost, {})).toMatchObject({ state: 'absent' });
    await stage.session.restore.cancel(lost, undefined);
    stage.simulator.calm();
    await expect.poll(() => stage.ask('GET', route())).toMatchObject({ status: 'SUCCESS' });
  });

  test('is told from ours when it comes after it, and then nothing is stopped or removed', async () => {
    const plan = await stage.plan(backup);
    const state = await stage.session.restore.start(plan, new Date());
    await ended(() => stage.session.restore.poll(plan, state));
    await stage.ask('DELETE', '/schema/Article');
    stage.switches.restoreHangs = true;
    await theirs({ include: ['Article'] });
    expect(await stage.session.restore.poll(plan, state)).toEqual({
      state: 'failed',
      words: expect.stringContaining('another restore of the same backup'),
    });
    await stage.session.restore.cancel(plan, state);
    const { removed, unknown } = await stage.session.restore.undo(plan, state, false);
    expect(removed).toEqual([]);
    expect(unknown).toMatch(/^Somebody else began another restore .* Article, Note, Photo /);
    stage.simulator.calm();
    await expect.poll(() => stage.ask('GET', route())).toMatchObject({ status: 'SUCCESS' });
    expect([...stage.simulator.cluster.collections.keys()]).toHaveLength(3);
  });

  test('cannot be told from ours when our answer was lost, and that is said', async () => {
    const plan = await stage.plan(backup);
    const notes = noted(plan);
    stage.switches.answerLost = { at: ['restore'], times: 1 };
    await failureOf(stage.session.restore.start(notes.plan(), new Date(), notes.notes));
    expect(notes.calls).toEqual(['asking']);
    await ended(() => stage.session.restore.poll(notes.plan(), {}));
    const { removed } = await stage.session.restore.undo(notes.plan(), undefined, false);
    expect(removed).toHaveLength(3);
    for (const one of removed) expect(one).toContain('the server does not name who began it');
  });
});
