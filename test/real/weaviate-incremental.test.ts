import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeObjects } from '../support/weaviate-data.ts';
import { articles, seedWeaviate } from '../support/weaviate-seed.ts';
import {
  contentsOf,
  dropClasses,
  OWN_BUCKET,
  OWN_PATH,
  startWeaviateWorld,
  type WeaviateWorld,
} from './weaviate-world.ts';

let world: WeaviateWorld;

beforeAll(async () => {
  world = await startWeaviateWorld({
    connection: { incremental: {}, proof: 'full' },
    // Only files that make a chunk of their own are left to the base.
    env: { BACKUP_MIN_CHUNK_SIZE: '16KiB', BACKUP_CHUNK_TARGET_SIZE: '64KiB' },
  });
  await seedWeaviate(world.weaviate, { objects: 1_000, dimensions: 64 });
});
afterAll(() => world?.stop());

describe('an incremental backup of a real Weaviate', () => {
  test('rests on the one before, and comes back from the copies of both', async () => {
    const { weaviate, holdfast } = world;
    const take = () => holdfast.run('backup', { target: 'articles' });
    const full = await take();
    await writeObjects(weaviate, articles(5_000, { objects: 100, dimensions: 64 }));
    const before = await contentsOf(weaviate);
    const second = await take();
    const { delegated } = await world.manifest(second.backup);
    expect(delegated?.bases).toEqual([{ backup: full.backup, name: full.backup }]);

    for (const { backup } of [full, second]) {
      await holdfast.client.workflow.getHandle(`copy/articles/${backup}`).result();
    }
    await dropClasses(weaviate);
    await rm(join(world.own.folder, OWN_BUCKET, OWN_PATH), { recursive: true });
    const report = await holdfast.run('restore', { target: 'articles', backup: second.backup });
    expect(report.proof).toMatchObject({ identical: 4, equivalent: 0 });
    expect(await contentsOf(weaviate)).toEqual(before);
    expect(await world.written()).toEqual([]);
  });

  test('keeps its base from being deleted until it is deleted itself, with all that the server wrote', async () => {
    const { holdfast } = world;
    const take = async (more: object = {}) => {
      const { backup } = await holdfast.run('backup', { target: 'articles', ...more });
      await holdfast.client.workflow.getHandle(`copy/articles/${backup}`).result();
      return backup;
    };
    const remove = (backup: string) =>
      holdfast.run('delete', { target: 'articles', backup, confirm: backup });
    const [base, leaf] = [await take({ full: true }), await take()];
    const other = await take({ full: true });
    expect((await world.manifest(leaf)).delegated?.bases).toEqual([{ backup: base, name: base }]);
    const [written, kept] = [await world.written(), await world.kept(base)];
    await expect(remove(base)).rejects.toMatchObject({ cause: { type: 'BACKUP_NEEDED' } });
    expect([await world.written(), await world.kept(base)]).toEqual([written, kept]);

    const without = (id: string) => (file: string) => !file.startsWith(`${id}/`);
    await remove(leaf);
    expect(await world.written()).toEqual(written.filter(without(leaf)));
    expect(await world.kept(leaf)).toEqual([]);
    await remove(base);
    expect(await world.written()).toEqual(written.filter(without(leaf)).filter(without(base)));
    const look = { target: 'articles', backup: other, depth: 'deep' } as const;
    expect(await holdfast.run('verify', look)).toMatchObject({ ok: true });
  });
});
