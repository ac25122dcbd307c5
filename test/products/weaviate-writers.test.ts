import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  censusSchema,
  observationSchema,
  type Observation,
} from '../../activities/products/weaviate/census.ts';
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

  /** A backup before and after which something is done to the database, both between the two looks at it. */
  async function taken(
    after: (observed: Observation) => Promise<unknown>,
    before: () => Promise<unknown> = () => Promise.resolve(),
  ) {
    const session = open();
    const [name, seen] = [newName(), await session.backup.observe()];
    const observed = observationSchema.parse(JSON.parse(JSON.stringify(seen)));
    await before();
    await session.backup.start(name, new Date());
    await ended(() => session.backup.poll(name));
    await after(observed);
    const inventory = await session.backup.inventory(name, observed);
    const place = censusOf(inventory).places.find((one) => one.class === 'Article');
    return { inventory, place, backup: stage.committed(name, inventory) };
  }
  const saysChanged = {
    code: 'WRITTEN_DURING_BACKUP',
    message: expect.stringMatching(/: class Article was changed\.$/) as string,
  };
  const saysUnproven = (what: string) => ({
    code: 'WRITTEN_DURING_BACKUP',
    message: expect.stringContaining(`: class Article: ${what}`) as string,
  });
  const whole = proof === 'full' ? 'identical' : 'equivalent';

  describe('of a backup during which objects were deleted and put back', () => {
    const away = () =>
      taken(
        () => stage.write(all.slice(0, GONE)),
        () => remove(all.slice(0, GONE)),
      );

    test('is told by the backup, which marks what was away', async () => {
      const { inventory, place } = await away();
      expect(inventory.warnings).toEqual([saysChanged]);
      expect(place).toMatchObject({ least: OBJECTS, most: OBJECTS });
      expect(place?.certain).toBe(proof === 'full' ? OBJECTS - GONE : undefined);
      const gone = new Set(all.slice(0, GONE).map(({ id }) => id));
      const sampled = place?.sample.map(([id]) => id) ?? [];
      expect(sampled.length).toBeGreaterThan(GONE);
      expect(place?.again?.sample).toEqual(sampled.filter((id) => gone.has(id)));
    });

    test('proves nothing of what came back short, and finds what the restore lost or altered', async () => {
      const { backup, place } = await away();
      const prove = await restored(backup, 'Article');
      const { totals, warnings } = await prove();
      const failed = (count: number) => ({ identical: 0, equivalent: 0, failed: { count } });
      // How many were away, only a full proof knows.
      expect(totals).toMatchObject(failed(proof === 'full' ? 0 : 1));
      expect(warnings).toEqual(proof === 'full' ? [saysUnproven('40 objects of at least 60')] : []);
      const again = new Set(place?.again?.sample);
      const { object, lose } = kept('Article', place?.sample.find(([id]) => !again.has(id))?.[0]);
      object.properties = { title: 'damaged' };
      expect((await prove()).totals.failed.count).toBe(1);
      lose();
      expect((await prove()).totals.failed.count).toBe(1);
      await stage.ask('DELETE', '/schema/Article');
      stage.switches.restoreLosesObjects = 1;
      expect((await (await restored(backup, 'Article'))()).totals.failed.count).toBe(1);
    });
  });

  describe('of a backup during which an object was changed', () => {
    const patched = all[0]?.id ?? '';
    const patch = () =>
      stage.ask('PATCH', `/objects/Article/${patched}`, {
        class: 'Article',
        properties: { title: 'patched' },
      });

    test('misses it all the same, since it was never away', async () => {
      const { backup, inventory } = await taken(patch);
      expect(inventory.warnings).toEqual([saysChanged]);
      const prove = await restored(backup, 'Article');
      expect((await prove()).totals).toMatchObject({ equivalent: 1, failed: { count: 0 } });
      kept('Article', patched).lose();
      expect((await prove()).totals.failed.count).toBe(1);
    });

    test.runIf(proof === 'sample')('reads no count of what stood in an older census', async () => {
      const { backup, inventory } = await taken(patch);
      const census = censusOf(inventory);
      const older = census.places.map((one) => ({ ...one, certain: 1 }));
      const [file] = inventory.files;
      if (file) file.bytes = Buffer.from(JSON.stringify({ ...census, places: older }));
      const prove = await restored(backup, 'Article');
      kept('Article', patched).lose();
      expect((await prove()).totals.failed.count).toBe(1);
    });
  });

  describe('of a backup during which every object was imported again', () => {
    test('compares those that are as they were', async () => {
      const { backup, inventory } = await taken(() => stage.write(all));
      expect(inventory.warnings).toEqual([saysChanged]);
      const prove = await restored(backup, 'Article');
      const { totals, warnings } = await prove();
      expect(totals).toMatchObject({ [whole]: 1, failed: { count: 0 } });
      expect(warnings).toEqual([]);
      for (const { id } of all) kept('Article', id).object.properties = { title: 'damaged' };
      const damaged = await prove();
      expect(damaged.totals).toMatchObject({ identical: 0, equivalent: 0, failed: { count: 0 } });
      expect(damaged.warnings).toEqual([saysUnproven('')]);
    });

    test('says that it compared nothing where all are others', async () => {
      const { backup } = await taken(() => stage.write(changed));
      const prove = await restored(backup, 'Article');
      const { totals, warnings } = await prove();
      expect(totals).toMatchObject({ identical: 0, equivalent: 0, failed: { count: 0 } });
      expect(warnings).toEqual([saysUnproven('nothing of it could be compared')]);
    });
  });

  test('takes times that differ between replicas for no write', async () => {
    const HOUR = 3_600_000;
    const stamp = (time: number) => {
      for (const { id } of all) kept('Article', id).object.lastUpdateTimeUnix = time;
    };
    const now = Date.now();
    stamp(now - 2 * HOUR);
    const { backup, inventory } = await taken(() => Promise.resolve(stamp(now - HOUR)));
    expect(inventory.warnings).toEqual([]);
    const { totals, warnings } = await (await restored(backup, 'Article'))();
    expect(totals).toMatchObject({ [whole]: 1, failed: { count: 0 } });
    expect(warnings).toEqual([]);
  });

  test.runIf(proof === 'sample').each([true, undefined])(
    'tells a class that is too much for the sample from one that was written: %s',
    async (unsampled) => {
      const { backup } = await taken((observed) => {
        const place = observed.places.find((one) => one.class === 'Article');
        Object.assign(place ?? {}, { sample: [], stamps: {}, unsampled });
        return Promise.resolve();
      });
      const { totals, warnings } = await (await restored(backup, 'Article'))();
      expect(totals).toMatchObject({ equivalent: unsampled ? 1 : 0, failed: { count: 0 } });
      expect(warnings).toEqual(unsampled ? [] : [saysUnproven('nothing of it')]);
    },
  );

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

    test.runIf(proof === 'full')('lets no new object hide one that is another', async () => {
      const many = [...all, ...articles(OBJECTS, { objects: OBJECTS })];
      await stage.write(many);
      const { backup, place } = await taken(() => Promise.resolve());
      const sampled = new Set(place?.sample.map(([id]) => id));
      const one = many.find(({ id }) => !sampled.has(id));
      if (!one) throw new Error('The sample has no room for all.');
      const prove = await restored(backup, 'Article');
      // Both are of one part of the digests.
      const beside = `${one.id.slice(0, 8)}-ffff-4fff-8fff-${one.id.slice(-12)}`;
      await stage.write([{ ...one, id: beside }]);
      expect((await prove()).totals).toMatchObject({ equivalent: 1, failed: { count: 0 } });
      kept('Article', one.id).object.properties = { title: 'damaged' };
      expect((await prove()).totals.failed.subjects).toEqual([
        'class Article (objects are not what they were)',
      ]);
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
