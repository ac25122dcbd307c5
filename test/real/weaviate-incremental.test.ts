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
});
