import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';

let world: DelegatedWorld;

beforeAll(async () => {
  world = await startDelegatedWorld();
});
afterAll(() => world?.stop());

test('a deletion says what it does not remove, because the target writes elsewhere by now', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'articles' });
  await world.copied(backup);
  const before = await filesBelow(world.storage);
  const { articles, spare } = world.config.targets;
  const moved = { ...articles, connection: spare?.['connection'] };
  await world.holdfast.configure({
    ...world.config,
    targets: { ...world.config.targets, articles: moved },
  });

  const report = await world.holdfast.run('delete', {
    target: 'articles',
    backup,
    confirm: backup,
  });
  const warning = report.warnings.find(({ code }) => code === 'PRODUCT_STORAGE_MOVED');
  expect(warning?.message).toContain(world.storage);
  expect(await filesBelow(world.storage)).toEqual(before);
  expect((await filesBelow(world.store)).filter((file) => file.includes(backup))).toEqual([]);
});
