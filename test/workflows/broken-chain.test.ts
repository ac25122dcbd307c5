import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBackup } from '../../activities/catalog/find-backup.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';

let world: DelegatedWorld;

beforeAll(async () => {
  world = await startDelegatedWorld();
  const { articles } = world.config.targets;
  const connection = { ...(articles?.['connection'] as object), incremental: {} };
  const targets = { ...world.config.targets, articles: { ...articles, connection } };
  await world.holdfast.configure({ ...world.config, targets });
});
afterAll(() => world?.stop());

async function take(full: boolean): Promise<string> {
  const { backup } = await world.holdfast.run('backup', { target: 'articles', full });
  await world.copied(backup);
  return backup;
}

test('a backup that rests on one which is gone is found out, and another one is restored', async () => {
  const [sound, base, leaf] = [await take(true), await take(true), await take(false)];
  expect((await world.manifest(leaf)).delegated?.bases).toMatchObject([{ backup: base }]);
  await rm(join(world.store, 'articles', base), { recursive: true });

  const settings = { name: 'disk', type: 'directory', path: world.store } as const;
  const store = new DirectoryStore(settings, createStoreResources());
  const latest = async () => (await findBackup(store, 'articles', 'latest')).manifest.id;
  // Before anybody has verified it.
  expect(await latest()).toBe(sound);
  for (const depth of ['quick', 'deep'] as const) {
    const report = await world.holdfast.run('verify', { target: 'articles', backup: leaf, depth });
    expect(report.ok).toBe(false);
    expect(report.findings).toContainEqual({
      code: 'OBJECT_MISSING',
      object: `articles/${base}/backup.json`,
      message: expect.stringContaining(`Backup ${leaf} of articles rests on ${base}`) as string,
    });
  }
  expect(await latest()).toBe(sound);
  const restored = await world.holdfast.run('restore', { target: 'articles', into: 'spare' });
  expect(restored.plan.backup).toBe(sound);
});
