import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { expectFailure } from './conformance.ts';
import { diskFaults } from './disk-faults.ts';
import { listOf } from './sources.ts';

const disk = diskFaults();
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('mount');
});
afterEach(() => folder.remove());

const open = (path = folder.path, shared = false) =>
  openStore({ name: 'disk', type: 'directory', path, shared }, createStoreResources());

function mounts(planned: string[], mounted: string[]): void {
  const fstab = planned.map((path) => `UUID=1234-ABCD ${path} ext4 defaults,nofail 0 2`);
  disk.contents['/etc/fstab'] = ['# <file system> <mount point>', ...fstab, ''].join('\n');
  const lines = ['/', ...mounted].map(
    (path) => `36 35 98:0 / ${path} rw,noatime shared:1 - ext4 /dev/sdb rw`,
  );
  disk.contents['/proc/self/mountinfo'] = lines.join('\n');
}

describe('a directory whose disk is not mounted, as /etc/fstab has it', () => {
  it.each([
    ['the mount point itself', '', false],
    ['a folder below it', 'holdfast', false],
    ['one that all hosts share', '', true],
  ])('is refused before anything is written: %s', async (_, below, shared) => {
    const path = join(folder.path, below);
    await mkdir(path, { recursive: true });
    mounts(['/', '/boot', folder.path], ['/boot']);
    const store = open(path, shared);
    const error = await expectFailure(store.put('t/x', Buffer.from('x')), 'STORE_BUCKET_MISSING');
    expect(error.message).toContain(`no disk is mounted at ${folder.path}, `);
    expect(error.hint).toContain(`mount ${folder.path}`);
    expect(await readdir(path)).toEqual([]);
  });

  it('is refused also where another disk is mounted above it', async () => {
    const path = join(folder.path, 'backups');
    await mkdir(path);
    mounts([folder.path, path], [folder.path]);
    const error = await expectFailure(
      open(path).put('t/x', Buffer.from('x')),
      'STORE_BUCKET_MISSING',
    );
    expect(error.message).toContain(`no disk is mounted at ${path}, `);
    expect(await readdir(path)).toEqual([]);
  });

  it('shows no empty list, and is told by the probe', async () => {
    mounts([folder.path], []);
    const store = open();
    await expectFailure(store.folders(''), 'STORE_BUCKET_MISSING');
    await expectFailure(listOf(store.list('')), 'STORE_BUCKET_MISSING');
    await expectFailure(store.head('t/x'), 'STORE_BUCKET_MISSING');
    expect(await store.probe()).toMatchObject([
      { ability: 'write', ok: false, message: expect.stringContaining('no disk is mounted') },
    ]);
  });

  it('lets what was put there before be read, and takes no more', async () => {
    const path = join(folder.path, 'holdfast');
    await mkdir(path);
    await open(path).put('t/x', Buffer.from('x'));
    mounts([folder.path], []);
    expect(await open(path).folders('')).toEqual(['t']);
    expect(await open(path).head('t/x')).toMatchObject({ bytes: 1 });
    await expectFailure(open(path).put('t/y', Buffer.from('y')), 'STORE_BUCKET_MISSING');
  });

  it('is told by a path with blanks in it, as both files write them', async () => {
    const path = join(folder.path, 'my disk');
    await mkdir(path);
    mounts([path.replace(' ', '\\040')], []);
    const error = await expectFailure(open(path).folders(''), 'STORE_BUCKET_MISSING');
    expect(error.message).toContain(path);
    mounts([path.replace(' ', '\\040')], [path.replace(' ', '\\040')]);
    expect(await open(path).folders('')).toEqual([]);
  });
});

it.each([
  ['its disk is mounted', [''], ['']],
  ['another disk is mounted below', [''], ['/below']],
  ['only a path that begins alike should be mounted', ['-other'], []],
  ['nothing says what is mounted', [''], undefined],
])('a directory is used where %s', async (_, planned, mounted) => {
  const path = join(folder.path, 'below');
  await mkdir(path);
  const at = (ends: string[]) => ends.map((end) => folder.path + end);
  mounts(at(planned), at(mounted ?? []));
  if (!mounted) disk.contents['/proc/self/mountinfo'] = '';
  await open(path).put('t/x', Buffer.from('x'));
  expect(await readFile(join(path, 't/x'), 'utf8')).toBe('x');
});

describe('a probe', () => {
  it("leaves no mark in a directory that is nobody's, and says that it is new", async () => {
    const findings = await open().probe();
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.at(-1)).toMatchObject({ ability: 'new', ok: true, noted: true });
    expect(await readdir(folder.path)).toEqual([]);
    await open().put('t/x', Buffer.from('x'));
    expect((await open().probe()).map(({ ability }) => ability)).not.toContain('new');
  });

  it('is refused on another host all the same', async () => {
    await open().put('t/x', Buffer.from('x'));
    const host = { id: 'other', name: 'other', lasts: true };
    const settings = { name: 'disk', type: 'directory', path: folder.path } as const;
    const findings = await openStore(settings, createStoreResources({ host })).probe();
    expect(findings).toMatchObject([{ ability: 'write', ok: false }]);
  });
});
