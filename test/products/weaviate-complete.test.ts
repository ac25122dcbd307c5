import { readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { ended, newName, weaviateStage, type WeaviateStage } from './weaviate-stage.ts';

describe('a backup that Weaviate calls successful', () => {
  let stage: WeaviateStage;
  beforeAll(async () => {
    stage = await weaviateStage({ chunkBytes: 4_096 });
    await seedWeaviate(stage.simulator, { objects: 60 });
  });
  afterEach(() => stage.simulator.calm());
  afterAll(() => stage[Symbol.asyncDispose]());

  /** Backs up until the server says SUCCESS, then damages, and asks for the inventory. */
  async function inventoryAfter(damage: (name: string) => Promise<unknown>) {
    const [name, observed] = [newName(), await stage.session.backup.observe()];
    await stage.session.backup.start(name, new Date());
    const end = await ended(() => stage.session.backup.poll(name));
    expect(end.state).toBe('succeeded');
    await expect
      .poll(() => readFile(join(stage.folder, name, 'backup_config.json'), 'utf8'))
      .toContain('SUCCESS');
    await damage(name);
    return stage.session.backup.inventory(name, observed);
  }
  const at = (name: string, rest: string) => join(stage.folder, name, rest);
  const incomplete = (what: RegExp) => ({
    code: 'BACKUP_INCOMPLETE',
    message: expect.stringMatching(what) as string,
  });

  test('is whole, and every object of it is told with its size', async () => {
    const { inventory } = await stage.take();
    const chunks = inventory.objects.filter(({ role }) => role === 'chunk');
    expect(chunks.length).toBeGreaterThan(3);
    expect(chunks[0]).toMatchObject({ subject: expect.stringMatching(/^class \w+ on node1$/) });
    expect(inventory.objects.filter(({ role }) => role === 'descriptor')).toHaveLength(1);
    expect(inventory.objects.filter(({ role }) => role === 'other')).toEqual([]);
    expect(inventory.objects.every(({ bytes }) => bytes > 0)).toBe(true);
  });

  test.each([
    ['lacks a chunk', 'node1/Article/chunk-1', rm, /chunk-1.*class Article on node1.*is missing/],
    ['has an empty chunk', 'node1/Photo/chunk-1', truncate, /Photo\/chunk-1.*is empty/],
    [
      'has a chunk that is cut off',
      'node1/Note/chunk-1',
      (path: string) => truncate(path, 200),
      /Note\/chunk-1.*is cut off/,
    ],
    ['lacks what a node says of it', 'node1/backup.json', rm, /node1\/backup\.json is missing/],
  ])('is not believed when it %s', async (_, path, damage, words) => {
    await expect(inventoryAfter((name) => damage(at(name, path)))).rejects.toMatchObject(
      incomplete(words),
    );
  });

  test('is not believed when a node failed and says so', async () => {
    const spoil = async (name: string) => {
      const text = await readFile(at(name, 'node1/backup.json'), 'utf8');
      const changed = { ...(JSON.parse(text) as object), status: 'FAILED', error: 'no space' };
      await stage.plant(`${name}/node1/backup.json`, changed);
    };
    await expect(inventoryAfter(spoil)).rejects.toMatchObject(incomplete(/FAILED: no space/));
  });

  test('is not believed when a class that was asked for is in no node', async () => {
    const spoil = async (name: string) => {
      for (const path of ['backup_config.json', 'node1/backup.json']) {
        const text = await readFile(at(name, path), 'utf8');
        const found = JSON.parse(text) as {
          nodes?: Record<string, { classes: string[] }>;
          classes?: { name: string }[];
        };
        if (found.nodes?.['node1']) found.nodes['node1'].classes = ['Note', 'Photo'];
        if (found.classes) found.classes = found.classes.filter((one) => one.name !== 'Article');
        await stage.plant(`${name}/${path}`, found);
      }
    };
    await expect(inventoryAfter(spoil)).rejects.toMatchObject(incomplete(/lacks.*Article/));
  });

  test('is not believed when the server forgets it again', async () => {
    Object.assign(stage.switches, { successThenStarted: true, settleMs: 1_000_000 });
    const [name, observed] = [newName(), await stage.session.backup.observe()];
    await stage.session.backup.start(name, new Date());
    await ended(() => stage.session.backup.poll(name));
    await expect(stage.session.backup.inventory(name, observed)).rejects.toMatchObject(
      incomplete(/could not write down the end/),
    );
  });

  test('is given up when every node has finished and its coordinator never says so', async () => {
    Object.assign(stage.switches, { successThenStarted: true, settleMs: 0 });
    const name = newName();
    const session = stage.open({ stallMs: 200 });
    await session.backup.start(name, new Date());
    // Nobody looks while the server says SUCCESS.
    await expect.poll(() => stage.simulator.cluster.leader.memory.backup).toBeUndefined();
    expect(await ended(() => session.backup.poll(name))).toEqual({
      state: 'failed',
      words: 'STARTED, though every node has finished long ago',
    });
  });

  test('is not believed on servers that trust their nodes, when one wrote nothing', async () => {
    await using old = await weaviateStage({ version: '1.36.0' });
    await seedWeaviate(old.simulator, { objects: 5 });
    old.switches.nodeDescriptorMissing = true;
    await expect(old.take()).rejects.toMatchObject(incomplete(/node1\/backup\.json is missing/));
  });

  test.each(['1.24.20', '1.27.2', '1.33.0', '1.36.0', '1.39.0'] as const)(
    'is found whole on version %s',
    async (version) => {
      await using old = await weaviateStage({ version });
      await seedClasses(old);
      const { inventory } = await old.take();
      expect(inventory.detail).toMatchObject({ classes: ['Article'], objects: 10 });
    },
  );

  test('lies on every node of a cluster', async () => {
    await using cluster = await weaviateStage({ nodes: ['node1', 'node2', 'node3'] });
    await seedWeaviate(cluster.simulator, { objects: 30 });
    const { inventory } = await cluster.take();
    expect(inventory.detail['nodes']).toEqual(['node1', 'node2', 'node3']);
    const nodes = inventory.objects.filter(({ role }) => role === 'node-descriptor');
    expect(nodes).toHaveLength(3);
  });

  describe('of three nodes', () => {
    type Classes = { name: string; shards: { name: string }[] }[];
    let cluster: WeaviateStage;
    beforeAll(async () => {
      cluster = await weaviateStage({ nodes: ['node1', 'node2', 'node3'] });
      await seedWeaviate(cluster.simulator, { objects: 30 });
    });
    afterAll(() => cluster[Symbol.asyncDispose]());

    test.each<[string, string, (classes: Classes) => Classes, RegExp]>([
      [
        'did not write a class',
        'node2',
        (classes) => classes.filter(({ name }) => name !== 'Article'),
        /node node2 did not write its part of the classes Article/,
      ],
      [
        'did not write a shard',
        'node2',
        (classes) => classes.map((one) => (one.name === 'Article' ? { ...one, shards: [] } : one)),
        /no node wrote shard \w+ of class Article/,
      ],
      [
        'leads and did not write a class',
        'node1',
        (classes) => classes.filter(({ name }) => name !== 'Article'),
        /no node wrote shard \w+ of class Article/,
      ],
    ])('is not believed when one %s', async (_, node, spoil, words) => {
      const { name, observed } = await cluster.take();
      const key = `${name}/${node}/backup.json`;
      const found = JSON.parse(await readFile(join(cluster.folder, key), 'utf8')) as {
        classes: Classes;
      };
      await cluster.plant(key, { ...found, classes: spoil(found.classes) });
      await expect(cluster.session.backup.inventory(name, observed)).rejects.toMatchObject(
        incomplete(words),
      );
    });
  });
});

/** Without aliases, which old servers do not know. */
async function seedClasses({ ask, write }: WeaviateStage): Promise<void> {
  await ask('POST', '/schema', { class: 'Article', vectorizer: 'none' });
  await write(
    Array.from({ length: 10 }, (_, n) => ({
      class: 'Article',
      id: `00000000-0000-4000-8000-00000000000${n}`,
      properties: { n },
      vector: [n, 1],
    })),
  );
}
