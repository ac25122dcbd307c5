import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { censusSchema } from '../../activities/products/weaviate/census.ts';
import { ended, newName, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

const DAY_MS = 24 * 3_600_000;
const OBJECTS = 40;
const isOver = (n: number) => n % 2 === 1;
const idOf = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-${'0'.repeat(12)}`;

describe.each(['sample', 'full'] as const)(
  'a class of Weaviate whose objects expire, and a proof by %s',
  (proof) => {
    let stage: WeaviateStage;
    beforeEach(async () => {
      stage = await weaviateStage();
    });
    afterEach(() => stage[Symbol.asyncDispose]());
    const open = () => stage.open({ connection: { proof } });

    /** Every second one of its objects expired yesterday, the others will tomorrow. */
    async function fill(timeToLive: object = { enabled: true, deleteOn: 'until', defaultTtl: 60 }) {
      await stage.ask('POST', '/schema', { class: 'Session', objectTtlConfig: timeToLive });
      const objects = Array.from({ length: OBJECTS }, (_, n) => {
        const at = Date.now() + (isOver(n) ? -DAY_MS : DAY_MS);
        return { class: 'Session', id: idOf(n), properties: { until: new Date(at).toISOString() } };
      });
      await stage.write(objects);
    }
    const remove = async (which: number[]) => {
      for (const n of which) await stage.ask('DELETE', `/objects/Session/${idOf(n)}`);
    };
    async function restored() {
      const session = open();
      const { backup } = await stage.take(session);
      await stage.ask('DELETE', '/schema/Session');
      const plan = await stage.plan(backup, {}, session);
      const state = await session.restore.start(plan, new Date());
      await ended(() => session.restore.poll(plan, state));
      return () => session.restore.prove(plan, state, backup, () => undefined);
    }

    test('is proven as any other while nothing has gone', async () => {
      await fill();
      const { totals, warnings } = await (await restored())();
      expect(totals).toMatchObject({
        identical: proof === 'full' ? 1 : 0,
        equivalent: proof === 'full' ? 0 : 1,
        failed: { count: 0 },
      });
      expect(warnings).toEqual([]);
    });

    test('may lack what has expired, which is told and counts as proven by nothing', async () => {
      await fill();
      const prove = await restored();
      await remove(Array.from({ length: OBJECTS }, (_, n) => n).filter(isOver));
      const { totals, warnings } = await prove();
      expect(totals).toMatchObject({ identical: 0, equivalent: 0, failed: { count: 0 } });
      expect(warnings).toEqual([
        {
          code: 'OBJECTS_EXPIRED',
          message: expect.stringContaining('class Session: 20 objects of at least 40') as string,
        },
      ]);
    });

    test('may not lack an object whose time has not come, nor hold another one', async () => {
      await fill();
      const prove = await restored();
      await remove([0]);
      const { totals } = await prove();
      expect(totals.failed.subjects).toEqual([`class Session (object ${idOf(0)} is missing)`]);
      await stage.write([{ class: 'Session', id: idOf(0), properties: { other: 1 } }]);
      const shard = stage.simulator.cluster.collection('Session')?.shardOf(idOf(0), undefined);
      const object = shard?.objects.get(idOf(0));
      if (object) object.lastUpdateTimeUnix = 1;
      expect((await prove()).totals.failed.count).toBe(1);
    });

    test('may shrink while it is backed up, and another class may not', async () => {
      const take = async () => {
        const session = open();
        const [name, observed] = [newName(), await session.backup.observe()];
        await session.backup.start(name, new Date());
        await ended(() => session.backup.poll(name));
        await remove([1, 3, 5]);
        return session.backup.inventory(name, observed);
      };
      await fill();
      const { warnings, files } = await take();
      expect(warnings).toContainEqual({
        code: 'OBJECTS_DELETED',
        message: expect.stringMatching(/deleted, or expired, .* from 40 to 37 objects/) as string,
      });
      const census = censusSchema.parse(JSON.parse(Buffer.from(files[0]?.bytes ?? []).toString()));
      expect(census.places[0]).toMatchObject({ least: 37, most: 40 });
      await stage.ask('DELETE', '/schema/Session');
      await fill({ enabled: false });
      await expect(take()).rejects.toMatchObject({ code: 'BACKUP_INCOMPLETE' });
    });
  },
);
