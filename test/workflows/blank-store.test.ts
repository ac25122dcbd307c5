import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { causeOf, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ shards: 3 });
});
afterAll(() => world?.stop());

const backUp = (holdfast: Holdfast) =>
  holdfast.run('backup', { target: 'metrics' }).catch(causeOf) as Promise<Error>;

/** Temporal takes a moment until it finds a run that has ended. */
async function remembered({ client }: Holdfast): Promise<void> {
  const query = 'WorkflowType = "backup" AND ExecutionStatus = "Completed"';
  const count = async () => (await client.workflow.count(query)).count;
  await expect.poll(count).toBeGreaterThan(0);
}

/** The folder of the store is there, as a mount point is, and its disk is not. */
async function withoutDisk(body: () => Promise<void>): Promise<void> {
  const { path } = world.store;
  await rename(path, `${path}-disk`);
  await mkdir(path, { mode: 0o700 });
  try {
    await body();
  } finally {
    await rm(path, { recursive: true });
    await rename(`${path}-disk`, path);
  }
}

test('a backup is not put where the disk of the earlier ones is missing', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
  await remembered(world.holdfast);
  await withoutDisk(async () => {
    const failure = await backUp(world.holdfast);
    expect(failure).toMatchObject({ type: 'STORE_BUCKET_MISSING' });
    expect(failure.message).toContain(`(${world.store.path}) is empty, though backup ${backup} of`);
    expect(await readdir(world.store.path)).toEqual([]);
  });
  expect(await backUp(world.holdfast)).toMatchObject({ state: 'ok' });
});

test('unless somebody has made room for it there', async () => {
  await withoutDisk(async () => {
    await mkdir(join(world.store.path, 'metrics'), { mode: 0o700 });
    expect(await backUp(world.holdfast)).toMatchObject({ state: 'ok', place: world.store.path });
  });
});

test('what another target was put into may be a directory of another host', async () => {
  const { targets } = world.config;
  const config = { ...world.config, targets: { ...targets, other: targets['metrics'] } };
  await world.holdfast.configure(config);
  await withoutDisk(async () => {
    expect(await world.holdfast.run('backup', { target: 'other' })).toMatchObject({ state: 'ok' });
  });
  await world.holdfast.configure(world.config);
});

test('an empty directory elsewhere is a new one', async () => {
  const path = `${world.store.path}-new`;
  await mkdir(path, { mode: 0o700 });
  await world.holdfast.configure({
    ...world.config,
    stores: { disk: { type: 'directory', path } },
  });
  expect(await backUp(world.holdfast)).toMatchObject({ state: 'ok', place: path });
  await rm(path, { recursive: true });
  await world.holdfast.configure(world.config);
});

test('the same where Temporal has no search attributes', async () => {
  const bare = {
    address: inject('temporalAddress'),
    config: world.config,
    searchAttributes: false,
  };
  await using holdfast = await startHoldfast(bare);
  const handle = await holdfast.start('backup', { target: 'metrics' }, 'backup/metrics/first');
  await handle.result();
  await remembered(holdfast);
  await withoutDisk(async () => {
    expect(await backUp(holdfast)).toMatchObject({ type: 'STORE_BUCKET_MISSING' });
  });
});
