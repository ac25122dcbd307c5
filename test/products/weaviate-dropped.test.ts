import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { articles, seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, newName, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

let stage: WeaviateStage;
beforeEach(async () => {
  stage = await weaviateStage();
  await seedWeaviate(stage.simulator, { objects: 5 });
});
afterEach(() => stage[Symbol.asyncDispose]());

/** A backup, and what is done to the database after the server has written it and before anybody looks again. */
async function takeBeside(meanwhile: () => Promise<unknown>, connection: object = {}) {
  const by = stage.open({ connection: { deletions: 'warn', ...connection } });
  const [name, observed] = [newName(), await by.backup.observe()];
  await by.backup.start(name, new Date());
  await ended(() => by.backup.poll(name));
  await meanwhile();
  return stage.committed(name, await by.backup.inventory(name, observed));
}
const drop = (path: string, body?: object) => () => stage.ask('DELETE', `/schema/${path}`, body);
async function restored(backup: Awaited<ReturnType<typeof takeBeside>>, name: string) {
  await stage.ask('DELETE', `/schema/${name}`);
  const plan = await stage.plan(backup, { select: { classes: [name] } });
  const proven = await stage.restore(plan, backup);
  return { planned: plan.summary.artifacts, ...proven };
}
const dropped = (words: RegExp) => ({
  code: 'DROPPED_DURING_BACKUP',
  message: expect.stringMatching(words) as string,
});

describe('what is dropped while Weaviate backs it up', () => {
  test('is a class that comes back without a proof, and both say so', async () => {
    const backup = await takeBeside(drop('Photo'));
    expect(backup.manifest.warnings).toEqual([
      expect.objectContaining({ code: 'OBJECTS_DELETED' }),
      dropped(/cannot be compared after a restore: class Photo\.$/),
    ]);
    const { planned, totals, warnings } = await restored(backup, 'Photo');
    expect([planned, totals]).toMatchObject([
      1,
      { artifacts: 1, identical: 0, equivalent: 0, failed: { count: 0 } },
    ]);
    expect(warnings).toEqual([
      dropped(/class Photo \(came back with 5 objects, counted before: 5\)\.$/),
    ]);
  });

  test('is a class with tenants, each of which must come back', async () => {
    const backup = await takeBeside(drop('Note'));
    const { totals, warnings } = await restored(backup, 'Note');
    expect(totals).toMatchObject({ artifacts: 2, identical: 0, equivalent: 0 });
    expect(warnings).toEqual([dropped(/Note, tenant north .*, class Note, tenant south /)]);
  });

  test('is one tenant, beside which the others are compared', async () => {
    const backup = await takeBeside(drop('Note/tenants', ['north']));
    expect(backup.manifest.warnings.at(-1)).toEqual(dropped(/: class Note, tenant north\.$/));
    const { totals, warnings } = await restored(backup, 'Note');
    expect(totals).toMatchObject({ artifacts: 2, equivalent: 1, failed: { count: 0 } });
    expect(warnings).toEqual([dropped(/: class Note, tenant north \(came back with 5 /)]);
  });

  test('is a class that is there again, but with tenants', async () => {
    const backup = await takeBeside(async () => {
      await drop('Photo')();
      const tenants = { multiTenancyConfig: { enabled: true } };
      await stage.ask('POST', '/schema', { class: 'Photo', ...tenants });
    });
    const { totals, warnings } = await restored(backup, 'Photo');
    expect(totals).toMatchObject({ artifacts: 1, equivalent: 0, failed: { count: 0 } });
    expect(warnings).toEqual([dropped(/class Photo /)]);
  });

  test('is taken for lost where deletions are not usual', async () => {
    await expect(takeBeside(drop('Photo'), { deletions: 'fail' })).rejects.toMatchObject({
      code: 'BACKUP_INCOMPLETE',
    });
  });
});

describe.each(['sample', 'full'])('a class that is imported anew meanwhile, proof %s', (proof) => {
  const importAnew = async () => {
    await drop('Article')();
    await stage.ask('POST', '/schema', { class: 'Article', vectorizer: 'none' });
    await stage.write(articles(0, { objects: 5 }));
  };
  const take = () => takeBeside(importAnew, { proof, deletions: 'fail' });

  test('is told, and proven by what the server wrote', async () => {
    const backup = await take();
    expect(backup.manifest.warnings).toEqual([
      {
        code: 'WRITTEN_DURING_BACKUP',
        message: expect.stringMatching(/class Article was changed\.$/) as string,
      },
      {
        code: 'WRITTEN_DURING_BACKUP',
        message: expect.stringMatching(/made anew while it was taken: Article\.$/) as string,
      },
    ]);
    const { totals, warnings } = await restored(backup, 'Article');
    expect(totals).toMatchObject({ artifacts: 1, failed: { count: 0 } });
    expect(totals.identical + totals.equivalent).toBe(1);
    expect(warnings).toEqual([]);
  });

  test('is known as its own by a restore that is undone', async () => {
    const backup = await take();
    await drop('Article')();
    const plan = await stage.plan(backup, { select: { classes: ['Article'] } });
    const state = await stage.session.restore.start(plan, new Date());
    await ended(() => stage.session.restore.poll(plan, state));
    expect(await stage.session.restore.undo(plan, state, false)).toEqual({
      removed: ['class Article'],
      quarantined: [],
    });
  });
});
