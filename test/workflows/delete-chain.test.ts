import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { causeOf } from './world.ts';

let world: DelegatedWorld;

beforeAll(async () => {
  world = await startDelegatedWorld();
  const { articles } = world.config.targets;
  const connection = { ...(articles?.['connection'] as object), incremental: {} };
  const targets = { ...world.config.targets, articles: { ...articles, connection } };
  await world.holdfast.configure({ ...world.config, targets });
});
afterAll(() => world?.stop());

async function take(): Promise<string> {
  const { backup } = await world.holdfast.run('backup', { target: 'articles' });
  await world.copied(backup);
  return backup;
}

const remove = (backup: string) =>
  world.holdfast.run('delete', { target: 'articles', backup, confirm: backup });
const everything = async () => ({
  written: await filesBelow(world.storage),
  kept: await filesBelow(world.store),
});

test('a chain that the database wrote is deleted from its end, each with all that is its own', async () => {
  const [base, middle, leaf] = [await take(), await take(), await take()];
  const bases = (await world.manifest(leaf)).delegated?.bases.map(({ backup }) => backup);
  expect(bases).toEqual([middle, base]);
  // What a restore that died left, and what others have beside it.
  await writeFile(join(world.storage, leaf, 'restore_config.json'), '{}');
  await mkdir(join(world.storage, `${leaf}0`));
  await writeFile(join(world.storage, `${leaf}0`, 'backup_config.json'), '{}');

  for (const needed of [base, middle]) {
    const before = await everything();
    const refused = await remove(needed).catch(causeOf);
    expect(refused).toMatchObject({
      type: 'BACKUP_NEEDED',
      message: expect.stringMatching(
        new RegExp(`backup (${middle}|${leaf}) rests on it`),
      ) as string,
    });
    expect(await everything()).toEqual(before);
  }

  for (const id of [leaf, middle, base]) {
    const before = await everything();
    const ofOthers = (files: string[]) => files.filter((file) => !file.split('/').includes(id));
    expect(await remove(id)).toMatchObject({ backup: id, product: id, warnings: [] });
    expect(await everything()).toEqual({
      written: ofOthers(before.written),
      kept: ofOthers(before.kept),
    });
    if (id === base) continue;
    const rest = id === leaf ? middle : base;
    const input = { target: 'articles', backup: rest, depth: 'deep' } as const;
    expect(await world.holdfast.run('verify', input)).toMatchObject({ ok: true });
  }
  expect((await everything()).written).toEqual([`${leaf}0/backup_config.json`]);
});
