import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askWeaviate, countObjects, readObjects, writeObjects } from '../support/weaviate-data.ts';
import { articles } from '../support/weaviate-seed.ts';
import {
  classesOf,
  dropClasses,
  OWN_BUCKET,
  OWN_PATH,
  startWeaviateWorld,
  type WeaviateWorld,
} from './weaviate-world.ts';

let world: WeaviateWorld;

beforeAll(async () => {
  world = await startWeaviateWorld({ nodes: 3 });
  await fill(world, 'Wide', { shardingConfig: { desiredCount: 3 } });
  await fill(world, 'Safe', { replicationConfig: { factor: 3 } });
});
afterAll(() => world?.stop());

async function fill({ weaviate }: WeaviateWorld, name: string, how: object): Promise<void> {
  await askWeaviate(weaviate, 'POST', '/schema', { class: name, vectorizer: 'none', ...how });
  const objects = articles(0, { objects: 600 });
  await writeObjects(
    weaviate,
    objects.map((object) => ({ ...object, class: name })),
  );
}

describe('three real Weaviate nodes', () => {
  test('are backed up, and every node gets its files back from the copy', async () => {
    const { weaviate, holdfast } = world;
    const contents = async () => [
      await readObjects(weaviate, 'Wide'),
      await readObjects(weaviate, 'Safe'),
    ];
    const before = await contents();
    const { backup, state } = await holdfast.run('backup', { target: 'articles' });
    expect(state).toBe('ok');
    const written = await world.written(backup);
    for (const node of ['node1', 'node2', 'node3']) {
      expect(written).toContain(`${node}/backup.json`);
      expect(written).toContain(`${node}/Wide/chunk-1`);
    }
    await holdfast.client.workflow.getHandle(`copy/articles/${backup}`).result();
    await dropClasses(weaviate);
    await rm(join(world.own.folder, OWN_BUCKET, OWN_PATH, backup), { recursive: true });

    const report = await holdfast.run('restore', { target: 'articles', backup });
    expect(report.proof).toMatchObject({ identical: 0, equivalent: 2 });
    expect(await contents()).toEqual(before);
    for (const node of weaviate.nodes) {
      const address = { url: node.url, apiKey: weaviate.apiKey };
      expect(await countObjects(address, 'Safe')).toBe(600);
    }
  });

  test('wait for one that is down, even when the others have forgotten it, and say which', async () => {
    const { weaviate, holdfast } = world;
    const third = weaviate.nodes[2];
    await third?.kill();
    const start = () => holdfast.start('backup', { target: 'articles' });
    const lastErrorOf = (handle: Awaited<ReturnType<typeof start>>) => async () =>
      (await handle.query<{ lastError?: string }>('progress')).lastError;
    const handle = await start();
    await expect.poll(lastErrorOf(handle), { timeout: 60_000 }).toContain('node3');
    // After some seconds the others list it no more, and count without it.
    const listed = async () =>
      ((await askWeaviate(weaviate, 'GET', '/nodes')) as { nodes: unknown[] }).nodes.length;
    await expect.poll(listed, { timeout: 60_000 }).toBe(2);
    expect(await countObjects(weaviate, 'Wide')).toBeLessThan(600);
    await expect.poll(lastErrorOf(handle), { timeout: 60_000 }).toContain('2 of the 3 shards');
    await third?.start();
    expect(await handle.result()).toMatchObject({ state: 'ok', warnings: [] });
    expect(await classesOf(weaviate)).toEqual(['Safe', 'Wide']);
  });
});
