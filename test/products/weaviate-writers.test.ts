import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { censusSchema, observationSchema } from '../../activities/products/weaviate/census.ts';
import { ObjectDigest } from '../../activities/products/weaviate/object-digest.ts';
import type { WeaviateObject } from '../../activities/products/weaviate/objects.ts';
import { Tally } from '../../activities/products/weaviate/tally.ts';
import type { Inventory } from '../../activities/products/delegated.ts';
import { articles, seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, newName, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

const OBJECTS = 60;
const GONE = 20;

describe.each(['sample', 'full'] as const)('beside clients that write, a proof by %s', (proof) => {
  let stage: WeaviateStage;
  beforeEach(async () => {
    stage = await weaviateStage();
    await seedWeaviate(stage.simulator, { objects: OBJECTS });
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const all = articles(0, { objects: OBJECTS });
  const changed = all.map((one) => ({ ...one, properties: { title: 'another' } }));
  const open = () => stage.open({ connection: { proof } });
  const remove = async (objects: typeof all) => {
    for (const { id } of objects) await stage.ask('DELETE', `/objects/Article/${id}`);
  };
  /** The object as the server keeps it: what is done to it is no client's doing. */
  const kept = (of: string, id = '') => {
    const shard = stage.simulator.cluster.collection(of)?.shardOf(id, undefined);
    const object = shard?.objects.get(id);
    if (!shard || !object) throw new Error(`There is no ${of} ${id}.`);
    return { object, lose: () => shard.objects.delete(id) };
  };
  /** Drops a class and brings it back; then it may be proven as often as one likes. */
  async function restored(backup: Awaited<ReturnType<typeof stage.take>>['backup'], of: string) {
    const session = open();
    await stage.ask('DELETE', `/schema/${of}`);
    const plan = await stage.plan(backup, { select: { classes: [of] } });
    const state = await session.restore.start(plan, new Date());
    await ended(() => session.restore.poll(plan, state));
    return () => session.restore.prove(plan, state, backup, () => undefined);
  }

  describe('of a backup while which objects were deleted and put back', () => {
    async function taken() {
      const session = open();
      const [name, observed] = [newName(), await session.backup.observe()];
      await remove(all.slice(0, GONE));
      await session.backup.start(name, new Date());
      await ended(() => session.backup.poll(name));
      await stage.write(all.slice(0, GONE));
      const stored = JSON.parse(JSON.stringify(observed)) as typeof observed;
      const inventory = await session.backup.inventory(name, stored);
      return { inventory, backup: stage.committed(name, inventory) };
    }

    test('is told by the backup, and compares nothing that was away', async () => {
      const { inventory } = await taken();
      expect(inventory.warnings).toEqual([
        {
          code: 'WRITTEN_DURING_BACKUP',
          message: expect.stringMatching(/: class Article was changed\.$/) as string,
        },
      ]);
      const place = censusOf(inventory).places.find((one) => one.class === 'Article');
      const certain = proof === 'full' ? OBJECTS - GONE : 1;
      expect(place).toMatchObject({ least: OBJECTS, most: OBJECTS, certain });
      const ids = new Set(place?.sample.map(([id]) => id));
      expect(ids.size).toBeGreaterThan(GONE);
      expect(all.slice(0, GONE).filter(({ id }) => ids.has(id))).toEqual([]);
    });

    test('says what it cannot prove, and still finds what the restore lost or altered', async () => {
      const { backup, inventory } = await taken();
      const prove = await restored(backup, 'Article');
      const { totals, warnings } = await prove();
      expect(totals).toMatchObject({ identical: 0, equivalent: 0, failed: { count: 0 } });
      expect(warnings).toEqual([
        {
          code: 'WRITTEN_DURING_BACKUP',
          message: expect.stringContaining('class Article: 40 objects of at least 60') as string,
        },
      ]);
      const place = censusOf(inventory).places.find((one) => one.class === 'Article');
      const { object, lose } = kept('Article', place?.sample[0]?.[0]);
      object.properties = { title: 'damaged' };
      expect((await prove()).totals.failed.count).toBe(1);
      lose();
      expect((await prove()).totals.failed.count).toBe(1);
      await stage.ask('DELETE', '/schema/Article');
      stage.switches.restoreLosesObjects = 1;
      expect((await (await restored(backup, 'Article'))()).totals.failed.count).toBe(1);
    });
  });

  test('a class that only grew meanwhile must come back with what it had', async () => {
    const session = open();
    const [name, observed] = [newName(), await session.backup.observe()];
    await session.backup.start(name, new Date());
    await ended(() => session.backup.poll(name));
    await stage.write(articles(OBJECTS, { objects: OBJECTS + 5 }));
    const inventory = await session.backup.inventory(name, observed);
    expect(inventory.warnings).toMatchObject([{ code: 'WRITTEN_DURING_BACKUP' }]);
    const prove = await restored(stage.committed(name, inventory), 'Article');
    expect((await prove()).totals.failed.count).toBe(0);
    const { sample = [] } = censusOf(inventory).places.find((one) => one.class === 'Article') ?? {};
    const known = new Set(sample.map(([id]) => id));
    kept('Article', all.find(({ id }) => !known.has(id))?.id ?? all[0]?.id).lose();
    expect((await prove()).totals.failed.count).toBe(1);
  });

  describe('of what clients change after the restore', () => {
    test('says so, proves the rest, and calls nothing identical', async () => {
      const { backup } = await stage.take(open());
      const prove = await restored(backup, 'Article');
      await stage.write(changed.slice(0, 2));
      const { totals, warnings } = await prove();
      expect(totals).toMatchObject({ identical: 0, equivalent: 1, failed: { count: 0 } });
      expect(warnings).toEqual([
        {
          code: 'WRITES_AFTER_RESTORE',
          message: expect.stringMatching(/: class Article: 2 of /) as string,
        },
      ]);
      const { object } = kept('Article', all[10]?.id);
      const { properties } = object;
      object.properties = { ...properties, title: 'damaged' };
      expect((await prove()).totals.failed.count).toBe(1);
      object.properties = properties;
      expect((await prove()).totals.failed.count).toBe(0);
      kept('Article', all[11]?.id).lose();
      expect((await prove()).totals.failed.count).toBe(1);
    });

    test('is no proof at all when that is everything', async () => {
      const { backup } = await stage.take(open());
      const prove = await restored(backup, 'Article');
      await stage.write(changed);
      const { totals, warnings } = await prove();
      expect(totals).toMatchObject({ identical: 0, equivalent: 0, failed: { count: 0 } });
      expect(warnings.map(({ code }) => code)).toEqual(['WRITES_AFTER_RESTORE']);
    });

    test('excuses no object that is missing, nor one that was last written before the end', async () => {
      const { backup } = await stage.take(open());
      const prove = await restored(backup, 'Article');
      for (const { id } of all) kept('Article', id).object.properties = { title: 'damaged' };
      expect((await prove()).totals.failed.count).toBe(1);
      await stage.write(all);
      expect((await prove()).totals.failed.count).toBe(0);
      await remove(all.slice(0, 1));
      expect((await prove()).totals.failed.count).toBe(1);
    });
  });

  describe('of references', () => {
    const beacon = (n: number) => `weaviate://localhost/Article/${all[n]?.id}`;
    const id = '00000000-0000-4000-8000-000000000001';
    beforeEach(async () => {
      const properties = [{ name: 'of', dataType: ['Article'] }];
      await stage.ask('POST', '/schema', { class: 'Review', vectorizer: 'none', properties });
      const of = [{ beacon: beacon(0) }, { beacon: beacon(1) }];
      await stage.write([{ class: 'Review', id, properties: { of } }]);
      stage.simulator.origin = 'http://one.example';
    });

    test('does not depend on the address that a server is known by', async () => {
      const { backup } = await stage.take(open());
      const prove = await restored(backup, 'Review');
      stage.simulator.origin = 'https://two.example:8443/db';
      const { totals } = await prove();
      expect(totals).toMatchObject({
        [proof === 'full' ? 'identical' : 'equivalent']: 1,
        failed: { count: 0 },
      });
      const { object } = kept('Review', id);
      object.properties = { of: [{ beacon: beacon(0) }, { beacon: beacon(2) }] };
      expect((await prove()).totals.failed.count).toBe(1);
    });

    test('reads what was recorded with links as it was made', async () => {
      const session = open();
      const [name, observed] = [newName(), observationSchema.parse(await session.backup.observe())];
      const object = await stage.ask('GET', `/objects/Review/${id}?include=vector`);
      const digested = new ObjectDigest(undefined).of(object as WeaviateObject);
      const before = { ...observed, digests: undefined };
      for (const place of before.places.filter((one) => one.class === 'Review')) {
        place.sample = [[id, digested.toString('hex')]];
        const tally = new Tally(place.parts?.length ?? 1);
        tally.add(id, digested);
        if (place.parts) place.parts = tally.parts();
      }
      await session.backup.start(name, new Date());
      await ended(() => session.backup.poll(name));
      stage.simulator.origin = 'https://two.example';
      const inventory = await session.backup.inventory(name, before);
      expect(inventory.warnings.map(({ code }) => code)).toEqual(['WRITTEN_DURING_BACKUP']);
      stage.simulator.origin = 'http://one.example';
      const again = await session.backup.inventory(name, before);
      expect(again.warnings).toEqual([]);
      expect(censusOf(again).digests).toBeUndefined();
      const prove = await restored(stage.committed(name, again), 'Review');
      expect((await prove()).totals.failed.count).toBe(0);
    });
  });
});

function censusOf({ files }: Inventory) {
  const [file] = files;
  return censusSchema.parse(JSON.parse(Buffer.from(file?.bytes ?? []).toString('utf8')));
}
