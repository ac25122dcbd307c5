import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ALWAYS } from '../simulators/s3/faults.ts';
import type { S3Simulator } from '../simulators/s3/server.ts';
import { diskFaults } from '../stores/disk-faults.ts';
import { filesBelow } from '../support/files-below.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { causeOf, startWorld, type World } from './world.ts';

const DENIED = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;

describe('a deletion that a service denies leaves the backup as it was,', () => {
  let world: CopyWorld;
  beforeAll(async () => {
    world = await startCopyWorld();
  });
  afterAll(() => world?.stop());

  const remove = (backup: string) =>
    world.holdfast.run('delete', { target: 'far', backup, confirm: backup }).catch(causeOf);

  test.each([
    ['in the storage of the database', () => world.near],
    ['in the store', () => world.far],
  ])('%s', async (_, denying: () => S3Simulator) => {
    const { backup } = await world.holdfast.run('backup', { target: 'far' });
    await world.copied('far', backup);
    const all = () => ({ kept: world.keys('far', backup), written: world.written(backup) });
    const before = all();
    for (const on of ['DeleteObjects', 'DeleteObject'] as const) {
      denying().plan({ on, times: ALWAYS, fault: DENIED });
    }
    expect(await remove(backup)).toMatchObject({
      type: 'STORE_DENIED',
      message: expect.stringMatching(/^Nothing was deleted: /) as string,
    });
    expect(all()).toEqual(before);
    denying().calm();
    const look = { target: 'far', backup, depth: 'deep' } as const;
    expect(await world.holdfast.run('verify', look)).toMatchObject({ ok: true });
    expect(await remove(backup)).toMatchObject({ backup });
    expect(all()).toEqual({ kept: [], written: [] });
  });

  test('and is none where the database writes and only the uploads may not be listed', async () => {
    const { backup } = await world.holdfast.run('backup', { target: 'far' });
    await world.copied('far', backup);
    world.near.plan({ on: 'ListMultipartUploads', times: ALWAYS, fault: DENIED });
    expect(await remove(backup)).toMatchObject({ backup });
    world.near.calm();
    expect(world.written(backup)).toEqual([]);
    expect(world.keys('far', backup)).toEqual([]);
  });
});

describe('a deletion that a file system denies takes back what it began', () => {
  const disk = diskFaults();
  /** Files that this user may not remove: as in another user's folders. */
  let closed: (path: string) => boolean;
  let denials: number;
  beforeEach(() => {
    denials = 0;
    closed = () => false;
    disk.fault = (call, path) => {
      if (call !== 'unlink' || !closed(path)) return undefined;
      denials += 1;
      return 'EACCES';
    };
  });

  describe('of what a database wrote,', () => {
    let world: DelegatedWorld;
    beforeAll(async () => {
      world = await startDelegatedWorld();
    });
    afterAll(() => world?.stop());

    const take = async () => {
      const { backup } = await world.holdfast.run('backup', { target: 'articles' });
      await world.copied(backup);
      return backup;
    };
    const remove = (backup: string) =>
      world.holdfast.run('delete', { target: 'articles', backup, confirm: backup }).catch(causeOf);
    const everything = async () => ({
      written: await filesBelow(world.storage),
      kept: await filesBelow(world.store),
    });

    test('where nothing was removed', async () => {
      const backup = await take();
      const before = await everything();
      closed = (path) => path.startsWith(`${world.storage}/${backup}/`);
      expect(await remove(backup)).toMatchObject({ type: 'STORE_DENIED' });
      expect(denials).toBeGreaterThan(0);
      expect(await everything()).toEqual(before);
      const look = { target: 'articles', backup };
      expect(await world.holdfast.run('verify', look)).toMatchObject({ ok: true });
    });

    test('and not where something was', async () => {
      const backup = await take();
      let asked = 0;
      closed = (path) => path.startsWith(`${world.storage}/${backup}/`) && ++asked > 2;
      expect(await remove(backup)).toMatchObject({ type: 'STORE_DENIED' });
      expect((await everything()).kept).toContain(`articles/${backup}/deleting.json`);
      closed = () => false;
      expect(await remove(backup)).toMatchObject({ backup });
    });
  });

  describe('of what Holdfast wrote,', () => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld({ shards: 4 });
    });
    afterAll(() => world?.stop());

    test('where nothing was removed', async () => {
      const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
      const before = await world.files();
      closed = (path) => path.startsWith(`${world.store.path}/metrics/${backup}/data/`);
      const input = { target: 'metrics', backup, confirm: backup };
      const ended = await world.holdfast.run('delete', input).catch(causeOf);
      expect(ended).toMatchObject({ type: 'STORE_DENIED' });
      expect(await world.files()).toEqual(before);
    });
  });
});
