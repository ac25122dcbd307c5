import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startGate } from '../support/weaviate-gate.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

describe('a class with tenants, of a restore of Weaviate that is undone', () => {
  let stage: WeaviateStage;
  let backup: Awaited<ReturnType<WeaviateStage['take']>>['backup'];
  beforeAll(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: 5 });
    ({ backup } = await stage.take());
  });
  beforeEach(() => stage.empty(backup));
  afterAll(() => stage[Symbol.asyncDispose]());

  const THEIRS = ['class Note (made by somebody else meanwhile)'];
  const objects = (name: string) => stage.simulator.cluster.collections.get(name)?.count();

  async function begin() {
    stage.switches.restoreHangs = true;
    const plan = await stage.plan(backup, { select: { classes: ['Note'] } });
    return { plan, state: await stage.session.restore.start(plan, new Date()) };
  }
  /** With a tenant of the backup, as an application makes its classes when it starts. */
  async function made({ empty = false } = {}) {
    await stage.ask('POST', '/schema', { class: 'Note', multiTenancyConfig: { enabled: true } });
    await stage.ask('POST', '/schema/Note/tenants', [{ name: 'north' }]);
    const id = '00000000-0000-4000-8000-000000000001';
    if (!empty) await stage.write([{ class: 'Note', id, tenant: 'north', properties: {} }]);
  }
  type Begun = Awaited<ReturnType<typeof begin>>;
  async function fail({ plan, state }: Begun) {
    Object.assign(stage.switches, { restoreFails: true, restoreHangs: false });
    const end = await ended(() => stage.session.restore.poll(plan, state));
    expect(end.state).toBe('failed');
  }
  async function cancel({ plan, state }: Begun, by = stage.session) {
    await by.restore.cancel(plan, state);
    stage.switches.restoreHangs = false;
    const end = await ended(() => by.restore.poll(plan, state));
    expect(end.state).toBe('cancelled');
  }
  const undo = ({ plan, state }: Begun, by = stage.session) => by.restore.undo(plan, state, false);

  test('stays when somebody else made it before the restore failed', async () => {
    const begun = await begin();
    await made();
    await fail(begun);
    expect(await undo(begun)).toEqual({ removed: [], quarantined: THEIRS });
    expect(objects('Note')).toBe(1);
  });

  test('stays when somebody else made it before the restore was cancelled', async () => {
    const begun = await begin();
    await made();
    await cancel(begun);
    // Another worker knows no more than the objects tell.
    expect(await undo(begun, stage.open())).toEqual({ removed: [], quarantined: THEIRS });
    expect(objects('Note')).toBe(1);
  });

  test('is known by having been there before the cancel, whatever is in it', async () => {
    const session = stage.open();
    const begun = await begin();
    await made({ empty: true });
    await cancel(begun, session);
    expect(await undo(begun, session)).toEqual({ removed: [], quarantined: THEIRS });
    expect(objects('Note')).toBe(0);
  });

  test('stays, and is named, when nothing tells whose it is', async () => {
    const begun = await begin();
    await made({ empty: true });
    await fail(begun);
    expect(await undo(begun)).toEqual({
      removed: [],
      quarantined: [expect.stringMatching(/^class Note \(no object in it tells whether /)],
    });
    expect(objects('Note')).toBe(0);
  });

  test('stays, and is named, when its objects may not be read', async () => {
    await using gate = await startGate(stage.simulator.url);
    const begun = await begin();
    await made();
    await fail(begun);
    gate.refuse(/^GET \/v1\/objects/, { status: 403 });
    const undone = await undo(begun, stage.open({ connection: { url: gate.url } }));
    expect(undone.quarantined).toEqual([expect.stringMatching(/no object in it tells whether /)]);
    expect(objects('Note')).toBe(1);
  });

  test('stays when it has no tenants at all', async () => {
    const begun = await begin();
    await stage.ask('POST', '/schema', { class: 'Note' });
    await fail(begun);
    expect(await undo(begun)).toEqual({ removed: [], quarantined: THEIRS });
  });

  test('goes when it came from the backup, after the cancel was told', async () => {
    const session = stage.open();
    const begun = await begin();
    stage.switches.restoreRunsOn = true;
    await cancel(begun, session);
    await expect.poll(() => objects('Note')).toBe(10);
    expect(await undo(begun, session)).toEqual({ removed: ['class Note'], quarantined: [] });
    expect(objects('Note')).toBeUndefined();
  });

  test('goes without any object when the server went through its classes', async () => {
    await using other = await weaviateStage();
    await seedWeaviate(other.simulator, { objects: 0 });
    const { backup: empty } = await other.take();
    for (const name of other.simulator.cluster.collections.keys()) {
      other.simulator.cluster.remove(name);
    }
    other.switches.restorePartial = { at: ['Photo'] };
    const plan = await other.plan(empty);
    const state = await other.session.restore.start(plan, new Date());
    await ended(() => other.session.restore.poll(plan, state));
    const { removed, quarantined } = await other.session.restore.undo(plan, state, false);
    expect([removed.toSorted(), quarantined]).toEqual([['class Article', 'class Note'], []]);
  });
});
