import { readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Store } from '../../activities/stores/store.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { expectFailure } from './conformance.ts';
import { diskFaults } from './disk-faults.ts';
import { listOf } from './sources.ts';

const disk = diskFaults();
let folder: TemporaryFolder;
let store: Store;
beforeEach(async () => {
  folder = await temporaryFolder('untyped');
  store = openStore({ name: 'disk', type: 'directory', path: folder.path }, createStoreResources());
  for (const key of ['t/a/x', 't/b/x', 't/c/x', 't/fleeting-1', 't/fleeting-2', 't/kept']) {
    await store.put(key, Buffer.from('x'));
  }
});
afterEach(() => folder.remove());

const keys = async (prefix: string) => (await listOf(store.list(prefix))).map(({ key }) => key);

describe('a file system that tells no types with the names', () => {
  it('is listed like any other', async () => {
    await symlink('/etc', join(folder.path, 't/etc'));
    disk.untyped = () => Promise.resolve();
    expect(await store.folders('t/')).toEqual(['a', 'b', 'c']);
    expect(await keys('t/')).toHaveLength(6);
    expect(await keys('none/')).toEqual([]);
    expect(await keys('t/kept/')).toEqual([]);
  });

  it.each([1, 2])('is listed whole where entries vanish meanwhile (%d)', async (times) => {
    let left = times;
    disk.untyped = async (path) => {
      if (path.replace(/\/$/, '') !== join(folder.path, 't') || left === 0) return;
      await rm(join(path, `fleeting-${left--}`));
    };
    expect(await store.folders('t/')).toEqual(['a', 'b', 'c']);
    expect(left).toBe(0);
  });

  it('is not taken for an empty one where an entry vanishes at each look', async () => {
    const vanishing = ['fleeting-1', 'fleeting-2', 'a'];
    disk.untyped = async (path) => {
      if (path.replace(/\/$/, '') !== join(folder.path, 't')) return;
      const name = vanishing.shift();
      if (name) await rm(join(path, name), { recursive: true });
    };
    expect(await keys('t/')).toEqual(['t/a/x', 't/b/x', 't/c/x', 't/kept']);
    expect(await keys('t/')).toEqual(['t/b/x', 't/c/x', 't/kept']);
  });
});

describe('a directory that is taken away while it is listed', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['objects', () => listOf(store.list('t/'))],
    ['folders', () => store.folders('t/')],
    ['unfinished files', () => listOf(store.openUploads('t/'))],
  ])('is told: %s', async (_, list) => {
    const away = `${folder.path}-away`;
    disk.untyped = async (path) => {
      if (path.includes('/t/b')) await rename(folder.path, away);
    };
    try {
      await expectFailure(list(), 'STORE_BUCKET_MISSING');
    } finally {
      disk.untyped = undefined;
      await rename(away, folder.path);
    }
    expect(await readdir(join(folder.path, 't'))).toHaveLength(6);
  });
});

it('an unfinished file that cannot be looked at is not passed over', async () => {
  const left = '.holdfast-part~0123456789abcdef~y.tar';
  await rename(join(folder.path, 't/kept'), join(folder.path, 't', left));
  disk.fault = (call, path) => (call === 'stat' && path.endsWith(left) ? 'EIO' : undefined);
  const error = await expectFailure(listOf(store.openUploads('t/')), 'OBJECT_UNREADABLE');
  expect(error.message).toContain('could not look at t/y.tar');
});
