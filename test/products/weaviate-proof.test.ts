import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { censusSchema } from '../../activities/products/weaviate/census.ts';
import type { Inventory } from '../../activities/products/delegated.ts';
import { articles, seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, newName, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

const OBJECTS = 60;

describe.each(['sample', 'full'] as const)('a proof by %s', (proof) => {
  let stage: WeaviateStage;
  beforeAll(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: OBJECTS });
  });
  afterEach(() => stage.simulator.calm());
  afterAll(() => stage[Symbol.asyncDispose]());

  const connection = { proof };
  const open = (more: object = {}) => stage.open({ connection: { ...connection, ...more } });

  /** A backup beside which something is done to the database. */
  async function takeBeside(meanwhile: () => Promise<unknown>, more: object = {}) {
    const session = open(more);
    const [name, observed] = [newName(), await session.backup.observe()];
    await session.backup.start(name, new Date());
    await ended(() => session.backup.poll(name));
    await meanwhile();
    return session.backup.inventory(name, JSON.parse(JSON.stringify(observed)) as typeof observed);
  }

  test('records every class, tenant and shard', async () => {
    const { inventory } = await stage.take(open());
    const census = censusOf(inventory);
    const counted = census.places.map(({ class: name, tenant, least, most }) => [
      [name, tenant].filter(Boolean).join('/'),
      `${least} to ${most}`,
    ]);
    expect(Object.fromEntries(counted)).toEqual({
      Article: '60 to 60',
      'Note/north': '60 to 60',
      'Note/south': '60 to 60',
      Photo: '60 to 60',
    });
    expect(census.places.every(({ sample }) => sample.length > 10)).toBe(true);
    expect(census.places.every(({ parts }) => (parts !== undefined) === (proof === 'full'))).toBe(
      true,
    );
    const shards = Object.fromEntries(census.classes.map((one) => [one.name, one.shards.length]));
    expect(shards).toEqual({ Article: 1, Note: 2, Photo: 1 });
    expect(inventory.warnings).toEqual([]);
  });

  test('takes what was written meanwhile for growth, and tells it', async () => {
    const more = articles(1_000, { objects: 3 });
    const inventory = await takeBeside(() => stage.write(more));
    expect(inventory.warnings).toEqual([
      {
        code: 'WRITTEN_DURING_BACKUP',
        message: expect.stringContaining(
          `class Article went from ${OBJECTS} to ${OBJECTS + 3} objects`,
        ) as string,
      },
    ]);
    const place = censusOf(inventory).places.find((one) => one.class === 'Article');
    expect(place).toMatchObject({ least: OBJECTS, most: OBJECTS + 3 });
    if (proof === 'full') expect(place?.parts?.filter((part) => part === null)).toHaveLength(3);
    for (const { id } of more) await stage.ask('DELETE', `/objects/Article/${id}`);
  });

  test('reads every page, also where a property looks like the id of the last object', async () => {
    const origin = { id: 'ffffffff-ffff-4fff-8fff-ffffffffffff' };
    const more = articles(2_000, { objects: 250 }).map((one) => ({
      ...one,
      properties: { ...one.properties, origin },
    }));
    await stage.write(more);
    const { inventory } = await stage.take(open());
    const place = censusOf(inventory).places.find((one) => one.class === 'Article');
    expect(place).toMatchObject({ least: OBJECTS + 250, most: OBJECTS + 250 });
    if (proof === 'full') {
      const counts = place?.parts?.map((part) => Number(part?.split(':')[0] ?? 0)) ?? [];
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(OBJECTS + 250);
    }
    for (const { id } of more) await stage.ask('DELETE', `/objects/Article/${id}`);
  });

  test('takes a class that shrank for lost, unless deletions are usual', async () => {
    const [one] = articles(2_000, { objects: 1 });
    if (!one) throw new Error('There is an article.');
    const remove = () => stage.ask('DELETE', `/objects/Article/${one.id}`);
    await stage.write([one]);
    await expect(takeBeside(remove)).rejects.toMatchObject({
      code: 'BACKUP_INCOMPLETE',
      message: expect.stringMatching(/class Article went from 61 to 60 objects/) as string,
    });
    await stage.write([one]);
    const inventory = await takeBeside(remove, { deletions: 'warn' });
    expect(inventory.warnings.map(({ code }) => code)).toEqual(['OBJECTS_DELETED']);
  });

  test('finds an object that was changed meanwhile no fault of a restore', async () => {
    const [one] = articles(0, { objects: 1 });
    if (!one) throw new Error('There is an article.');
    const inventory = await takeBeside(() =>
      stage.write([{ ...one, properties: { title: 'changed' } }]),
    );
    const place = censusOf(inventory).places.find(({ class: name }) => name === 'Article');
    expect(place?.sample.some(([id]) => id === one.id)).toBe(false);
    await stage.write([one]);
  });

  const faults: [string, Record<string, number>][] = [
    ['all of its objects', { restoreLosesObjects: 1 }],
  ];
  if (proof === 'full') {
    faults.push(
      ['one object as it was', { restoreAltersObject: 1 }],
      ['one vector as it was', { restoreAltersVector: 1 }],
    );
  }
  test.each(faults)('misses %s after a restore that says it succeeded', async (_, switches) => {
    const { backup } = await stage.take(open());
    for (const name of ['Article', 'Note', 'Photo']) await stage.ask('DELETE', `/schema/${name}`);
    Object.assign(stage.switches, switches);
    const { totals } = await stage.restore(await stage.plan(backup), backup);
    expect(totals.failed.count).toBeGreaterThan(0);
    expect(totals.failed.subjects[0]).toMatch(/^class /);
    for (const name of ['Article', 'Note', 'Photo']) await stage.ask('DELETE', `/schema/${name}`);
    stage.simulator.calm();
    const again = await stage.restore(await stage.plan(backup), backup);
    expect(again.totals).toMatchObject({
      failed: { count: 0 },
      [proof === 'full' ? 'identical' : 'equivalent']: 4,
    });
  });

  test('knows objects of the sample by all that they hold, and by nothing else', async () => {
    const { backup, inventory } = await stage.take(open());
    await stage.ask('DELETE', '/schema/Article');
    const plan = await stage.plan(backup, { select: { classes: ['Article'] } });
    const state = await stage.session.restore.start(plan, new Date());
    await ended(() => stage.session.restore.poll(plan, state));
    const sample = censusOf(inventory).places.find((one) => one.class === 'Article')?.sample;
    const one = articles(0, { objects: OBJECTS }).find(({ id }) => id === sample?.[0]?.[0]);
    if (!one) throw new Error('The sample has an article.');
    const failed = async () => {
      const { totals } = await open().restore.prove(plan, state, backup, () => undefined);
      return totals.failed.subjects.join();
    };
    // A full proof sees the same by its digest of everything.
    const differs =
      proof === 'full' ? 'objects are not what they were' : `object ${one.id} is not what it was`;
    await stage.write([one]);
    expect(await failed()).toBe('');
    // As it came back: what clients write is none of a restore's faults.
    const shard = stage.simulator.cluster.collection('Article')?.shardOf(one.id, undefined);
    const kept = shard?.objects.get(one.id);
    if (!kept) throw new Error('There is an article.');
    kept.lastUpdateTimeUnix = 1;
    expect(await failed()).toBe('');
    kept.properties = { ...one.properties, title: 'another' };
    expect(await failed()).toContain(differs);
    kept.properties = one.properties;
    kept.vector = one.vector?.map((value) => value / 2) ?? [];
    expect(await failed()).toContain(differs);

    const [other] = articles(4_000, { objects: 1 });
    if (!other) throw new Error('There is an article.');
    await stage.ask('DELETE', `/objects/Article/${one.id}`);
    await stage.write([other]);
    if (proof === 'sample') expect(await failed()).toContain(`object ${one.id} is missing`);
    else expect(await failed()).toContain('class Article');
    await stage.ask('DELETE', `/objects/Article/${other.id}`);
    await stage.write([one]);
    expect(await failed()).toBe('');
  });

  test('takes objects written after the restore for no fault, and says so', async () => {
    const { backup } = await stage.take(open());
    await stage.ask('DELETE', '/schema/Article');
    const plan = await stage.plan(backup, { select: { classes: ['Article'] } });
    const state = await stage.session.restore.start(plan, new Date());
    await ended(() => stage.session.restore.poll(plan, state));
    const more = articles(3_000, { objects: 2 });
    await stage.write(more);
    const { totals, warnings } = await open().restore.prove(plan, state, backup, () => undefined);
    expect(totals).toMatchObject({ artifacts: 1, equivalent: 1, failed: { count: 0 } });
    expect(warnings.map(({ code }) => code)).toEqual(['MORE_THAN_RECORDED']);
    for (const { id } of more) await stage.ask('DELETE', `/objects/Article/${id}`);
  });
});

function censusOf({ files }: Inventory) {
  const [file] = files;
  return censusSchema.parse(JSON.parse(Buffer.from(file?.bytes ?? []).toString('utf8')));
}
