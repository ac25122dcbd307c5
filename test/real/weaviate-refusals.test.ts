import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Progress } from '../../workflows/contract/progress.ts';
import { askWeaviate } from '../support/weaviate-data.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { startWeaviate, type Weaviate } from '../support/weaviate.ts';
import { contentsOf, startWeaviateWorld, type WeaviateWorld } from './weaviate-world.ts';

interface Config {
  targets: { articles: { connection: Record<string, unknown> } };
}

let world: WeaviateWorld;
let configured: Config;
let other: Weaviate | undefined;

beforeAll(async () => {
  world = await startWeaviateWorld();
  configured = JSON.parse(await readFile(world.holdfast.configPath, 'utf8')) as Config;
});
afterAll(async () => {
  await other?.stop();
  await world?.stop();
});
afterEach(() => world.gate.open());

/** Another target of the same server, and of the same kind. */
async function configure(name: string, connection: object): Promise<void> {
  const { articles } = configured.targets;
  const changed = { ...articles, connection: { ...articles.connection, ...connection } };
  const targets = { ...configured.targets, [name]: changed };
  await world.holdfast.configure({ ...configured, targets });
}

async function refused(target: string): Promise<unknown> {
  const before = await world.written();
  const error: unknown = await world.holdfast.run('backup', { target }).catch((e: unknown) => e);
  expect(await world.written()).toEqual(before);
  return error;
}

const refusal = (type: string, message: RegExp) => ({
  cause: { type, message: expect.stringMatching(message) as string },
});

describe('a backup of a real Weaviate', () => {
  test('of an empty database is refused', async () => {
    expect(await refused('articles')).toMatchObject(
      refusal('SELECTION_EMPTY', /has no class, so there is nothing to back up\.$/),
    );
    await seedWeaviate(world.weaviate, { objects: 300 });
  });

  test('of nothing but a class that is not there is refused', async () => {
    await configure('wrong', { include: ['Artikel'] });
    expect(await refused('wrong')).toMatchObject(
      refusal('SELECTION_EMPTY', /leave nothing of its classes Article, Note, Photo\.$/),
    );
  });

  test('through a module that the server does not have is refused', async () => {
    await configure('wrong', { backend: 'gcs' });
    expect(await refused('wrong')).toMatchObject(
      refusal('TARGET_REFUSED', /has no module backup-gcs; its modules for backups: backup-s3\.$/),
    );
  });

  test('that the server may not write is refused', async () => {
    world.gate.refuse(/^PUT .*\/access-check/, { status: 403 });
    expect(await refused('articles')).toMatchObject(
      refusal('TARGET_REFUSED', /the server may not use its own backup storage \(.*\)\.$/),
    );
  });

  test('that somebody else cancels is begun again, and nothing of the first is left', async () => {
    const { gate, holdfast, weaviate } = world;
    const before = await world.written();
    const begun = gate.requests.length;
    gate.hold(/^(PUT|POST) .*\/chunk-/);
    const handle = await holdfast.start('backup', { target: 'articles' });
    await expect
      .poll(() => gate.requests.slice(begun).some((line) => line.includes('/chunk-')))
      .toBe(true);
    const [{ id } = { id: '' }] = (await askWeaviate(weaviate, 'GET', '/backups/s3')) as {
      id: string;
    }[];
    await askWeaviate(weaviate, 'DELETE', `/backups/s3/${id}`);
    // Its bytes must not get through meanwhile: then it would come to its end after all.
    await expect
      .poll(async () => (await handle.query<Progress>('progress')).warnings)
      .toContainEqual({
        code: 'ROUND_FAILED',
        message: expect.stringContaining('was cancelled by somebody else') as string,
      });
    gate.open();
    const report = (await handle.result()) as { backup: string };
    const added = (await world.written()).filter((file) => !before.includes(file));
    expect(new Set(added.map((file) => file.split('/')[0]))).toEqual(
      new Set([`${report.backup}-2`]),
    );
  });

  test('comes back at a server whose node has another name, when it is told which', async () => {
    const { weaviate, holdfast } = world;
    const { backup } = await holdfast.run('backup', { target: 'articles' });
    other = await startWeaviate({
      storage: weaviate.storage,
      names: ['elsewhere'],
      apiKey: weaviate.apiKey ?? '',
    });
    const into = { target: 'articles', backup, into: 'elsewhere' };
    await configure('elsewhere', { url: other.url });
    await expect(holdfast.run('restore', into)).rejects.toMatchObject(
      refusal('CONFIG_INVALID', /has the nodes elsewhere, and the backup needs node1\.$/),
    );
    await configure('elsewhere', { url: other.url, nodeMapping: { node1: 'elsewhere' } });
    const { restored } = await holdfast.run('restore', into);
    expect(restored).toContain('class Photo');
    expect(await contentsOf(other)).toEqual(await contentsOf(weaviate));
  });
});
