import type { PathLike } from 'node:fs';
import fileSystem, { type FileHandle, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { readManifest } from '../../activities/catalog/read-manifest.ts';
import { checkArtifact } from '../../activities/pipeline/check-artifact.ts';
import { openArtifact } from '../../activities/pipeline/open-artifact.ts';
import { storeArtifact } from '../../activities/pipeline/store-artifact.ts';
import { checkObjects } from '../../activities/restore/check-objects.ts';
import { checkQuick } from '../../activities/verify/check-quick.ts';
import { artifactOf, backupFolder, FOLDER, nth, storing } from '../pipeline/backup-folder.ts';
import { bytesOf } from '../pipeline/streams.ts';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { expectFailure } from './conformance.ts';
import { collect } from './sources.ts';

/** A disk with a bad sector: what it does to each file system call about a path. */
const disk = {
  bad: undefined as RegExp | undefined,
  /** Reads that still fail. */
  fails: Infinity,
  inode: false,
  code: 'EIO',
  /** What happens while it tries. */
  meanwhile: async () => {},
};

const real = { stat: fileSystem.stat, open: fileSystem.open };
const fault = () => Object.assign(new Error('i/o error'), { code: disk.code });
const failing = {
  stat: (path: PathLike) =>
    disk.inode && disk.bad?.test(String(path)) ? Promise.reject(fault()) : real.stat(path),
  async open(path: PathLike, flags?: string, mode?: number): Promise<FileHandle> {
    const handle = await real.open(path, flags, mode);
    if (flags !== 'r' || !disk.bad?.test(String(path))) return handle;
    const read = handle.read.bind(handle) as (...args: unknown[]) => unknown;
    return Object.assign(handle, {
      async read(...args: unknown[]) {
        if (disk.fails-- <= 0) return read(...args);
        await disk.meanwhile();
        throw fault();
      },
    });
  },
};

/** For everybody who has imported them, which a mock of the module does not reach in a process of several test files. */
function useFileSystem(functions: object): void {
  Object.assign(fileSystem, functions);
  syncBuiltinESMExports();
}
beforeAll(() => useFileSystem(failing));
afterAll(() => useFileSystem(real));

const { signal } = new AbortController();
const tar = tarArchive([{ name: 'a.tsm', body: bytesOf(90_000) }]);
let backup: Awaited<ReturnType<typeof backupFolder>>;
let lines: ObjectLine[];
beforeEach(async () => {
  backup = await backupFolder({ maxObjectSize: 60_000 });
  lines = await storeArtifact(storing(backup.store, artifactOf('tar'), tar));
});
afterEach(async () => {
  Object.assign(disk, {
    bad: undefined,
    fails: Infinity,
    inode: false,
    code: 'EIO',
    meanwhile: async () => {},
  });
  await backup[Symbol.asyncDispose]();
});

const breakFirst = () => (disk.bad = new RegExp(`${nth(lines, 0).path.replaceAll('.', '\\.')}$`));
const key = () => FOLDER + nth(lines, 0).path;

it.each(['EIO', 'EBADMSG', 'Unknown system error -117'])(
  'an object that stays unreadable (%s) is a damage of its own, and ends a restore',
  async (code) => {
    disk.code = code;
    breakFirst();
    const options = { store: backup.store, folder: FOLDER, lines, signal };
    const { findings } = await checkArtifact(options);
    expect(findings).toMatchObject([
      {
        code: 'OBJECT_UNREADABLE',
        object: nth(lines, 0).path,
        message: expect.stringContaining(code),
      },
    ]);
    const error = await expectFailure(collect(openArtifact(options)), 'OBJECT_UNREADABLE');
    expect(error.message).toContain(`could not read ${key()}: the file system cannot read it`);
    expect(error.retryable).toBe(false);
  },
);

it('an object that is read at the next try is as any other', async () => {
  breakFirst();
  disk.fails = 2;
  expect((await collect(backup.store.read(key()))).length).toBe(nth(lines, 0).bytes);
  expect(disk.fails).toBeLessThan(0);
});

it('an object that cannot even be looked at is found by a quick verification and before a restore', async () => {
  breakFirst();
  disk.inode = true;
  const found = [{ code: 'OBJECT_UNREADABLE', object: key() }];
  expect(await checkQuick(backup.store, FOLDER, nth(lines, 0), signal)).toMatchObject(found);
  expect(await checkQuick(backup.store, FOLDER, nth(lines, 1), signal)).toEqual([]);
  const [target = '', id = ''] = FOLDER.split('/');
  const manifest = { target, id } as Manifest;
  const named = { manifest, objects: () => lines };
  await expectFailure(checkObjects(backup.store, named, signal), 'OBJECT_UNREADABLE');
});

it('a manifest that cannot be read is a damaged one, beside which others are found', async () => {
  await backup.store.put(`${FOLDER}backup.json`, Buffer.from('{}'));
  disk.bad = /backup\.json$/;
  const [target = '', id = ''] = FOLDER.split('/');
  const error = await expectFailure(readManifest(backup.store, target, id), 'BACKUP_DAMAGED');
  expect(error.message).toContain('the file system cannot read it');
});

it('an unreadable leftover of an earlier attempt is left, and written anew', async () => {
  breakFirst();
  const again = await storeArtifact(storing(backup.store, artifactOf('tar'), tar));
  expect(again.map(({ path }) => path)).not.toContain(nth(lines, 0).path);
});

it('a file system that is gone as a whole says nothing of the object: it may come back', async () => {
  breakFirst();
  disk.meanwhile = () => rm(backup.path, { recursive: true, force: true });
  const error = await expectFailure(collect(backup.store.read(key())), 'STORE_ERROR');
  expect(error.retryable).toBe(true);
});
