import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostIdentity } from '../../activities/stores/host-identity.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { expectFailure } from './conformance.ts';
import { diskFaults } from './disk-faults.ts';
import { collect, cut, listOf, someBytes, stream } from './sources.ts';

const disk = diskFaults();
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('store');
});
afterEach(async () => folder.remove());

interface Options {
  hostId?: string;
  /** Whether the host is the same tomorrow. */
  lasts?: boolean;
  shared?: boolean;
  path?: string;
  max?: number;
}

function open(options: Options = {}) {
  return openStore(
    {
      name: 'disk',
      type: 'directory',
      path: options.path ?? folder.path,
      shared: options.shared,
      maxObjectSize: options.max,
    },
    createStoreResources({ host: hostCalled(options.hostId ?? 'host-a', options.lasts) }),
  );
}

const hostCalled = (name: string, lasts = true): HostIdentity => ({ id: name, name, lasts });

describe('files', () => {
  it('can be read by their owner alone, and so can the folders', async () => {
    await open().create('t/b/data/x.tar', stream(someBytes(10)));
    expect((await stat(join(folder.path, 't/b/data/x.tar'))).mode & 0o777).toBe(0o600);
    for (const path of ['t', 't/b', 't/b/data']) {
      expect((await stat(join(folder.path, path))).mode & 0o777).toBe(0o700);
    }
  });

  it('lie under their own names, so that plain tools can read them', async () => {
    await open().create('t/b/data/x.tar', stream(Buffer.from('plain')));
    expect(await readFile(join(folder.path, 't/b/data/x.tar'), 'utf8')).toBe('plain');
    expect(await readdir(join(folder.path, 't/b/data'))).toEqual(['x.tar']);
  });

  it('leave no folders behind when they are removed', async () => {
    const store = open();
    await store.put('t/b/data/x.tar', Buffer.from('x'));
    await store.put('t/c', Buffer.from('x'));
    await store.remove(['t/b/data/x.tar']);
    expect(await readdir(join(folder.path, 't'))).toEqual(['c']);
  });

  it('of a dead worker are listed and removed like open uploads, and no file of another kind is', async () => {
    const store = open();
    await store.put('t/b/data/x.tar', Buffer.from('x'));
    const left = join(folder.path, 't/b/data/.holdfast-part~0123456789abcdef~y.tar');
    await writeFile(left, 'half');
    const uploads = await listOf(store.openUploads('t/b/'));
    expect(uploads).toMatchObject([{ key: 't/b/data/y.tar' }]);
    expect((await listOf(store.list(''))).map(({ key }) => key)).toEqual(['t/b/data/x.tar']);
    for (const id of ['t/b/data/x.tar', '../outside', '.holdfast-host']) {
      const forged = { key: 't/b/data/x.tar', id, startedAt: new Date() };
      await expectFailure(store.abortUpload(forged), 'STORE_REFUSED');
    }
    for (const upload of uploads) await store.abortUpload(upload);
    expect(await readdir(join(folder.path, 't/b/data'))).toEqual(['x.tar']);
  });

  it('are followed through no link that leads to a folder elsewhere when listing', async () => {
    const store = open();
    await store.put('t/x', Buffer.from('x'));
    await symlink('/etc', join(folder.path, 't/etc'));
    expect((await listOf(store.list(''))).map(({ key }) => key)).toEqual(['t/x']);
  });
});

describe('a directory that is not there', () => {
  it('is told by every call, and never created: it may be a disk that is not mounted', async () => {
    const path = join(folder.path, 'not-mounted');
    const store = open({ path });
    const error = await expectFailure(store.put('t/x', Buffer.from('x')), 'STORE_BUCKET_MISSING');
    expect(error.message).toContain(path);
    await expectFailure(store.head('t/x'), 'STORE_BUCKET_MISSING');
    await expectFailure(collect(store.read('t/x')), 'STORE_BUCKET_MISSING');
    await expectFailure(listOf(store.list('')), 'STORE_BUCKET_MISSING');
    await expectFailure(store.folders(''), 'STORE_BUCKET_MISSING');
    expect(await readdir(folder.path)).toEqual([]);
    expect(await store.probe()).toMatchObject([{ ability: 'write', ok: false }]);
  });

  it('is told when it vanishes in mid-run', async () => {
    const store = open();
    await store.put('t/x', Buffer.from('x'));
    await rm(folder.path, { recursive: true });
    await expectFailure(store.put('t/y', Buffer.from('y')), 'STORE_BUCKET_MISSING');
    await expectFailure(collect(store.read('t/x')), 'STORE_BUCKET_MISSING');
    await mkdir(folder.path);
  });
});

describe('two hosts', () => {
  it('are refused by one sentence that says whose directory it is', async () => {
    await open({ hostId: 'host-a' }).put('t/x', Buffer.from('x'));
    const other = open({ hostId: 'host-b' });
    const error = await expectFailure(other.put('t/y', Buffer.from('y')), 'STORE_NOT_SHARED');
    expect(error.message).toContain(folder.path);
    expect(error.hint).toContain('shared: true');
    await expectFailure(other.remove(['t/x']), 'STORE_NOT_SHARED');
    expect((await collect(other.read('t/x'))).toString()).toBe('x');
  });

  it('that come at the same moment: exactly one gets it', async () => {
    const hosts = ['a', 'b', 'c', 'd'].map((hostId) => open({ hostId }));
    const ends = await Promise.allSettled(
      hosts.map((store, i) => store.put(`t/${i}`, Buffer.from('x'))),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await listOf(open().openUploads(''))).toEqual([]);
  });

  it('may share what is declared shared', async () => {
    await open({ hostId: 'host-a', shared: true }).put('t/x', Buffer.from('x'));
    await open({ hostId: 'host-b', shared: true }).put('t/y', Buffer.from('y'));
    expect(await readdir(folder.path)).toEqual(['t']);
  });
});

describe('a container, which is another host whenever it is made anew', () => {
  const fleeting = (hostId: string) => open({ hostId, lasts: false });

  it('is asked for a name before the directory is claimed', async () => {
    const error = await expectFailure(
      fleeting('worker-7c9f8d').put('t/x', Buffer.from('x')),
      'STORE_NOT_SHARED',
    );
    expect(error.message).toContain('worker-7c9f8d has no /etc/machine-id');
    expect(error.hint).toMatch(/shared: true.*HOLDFAST_HOST_ID/);
    expect(await readdir(folder.path)).toEqual([]);
    expect(await fleeting('worker-7c9f8d').probe()).toMatchObject([
      { ok: false, message: expect.stringContaining('HOLDFAST_HOST_ID') },
    ]);
  });

  it('goes on where it was the host so far', async () => {
    await open({ hostId: 'alpine' }).put('t/x', Buffer.from('x'));
    await fleeting('alpine').put('t/y', Buffer.from('y'));
    const refused = fleeting('worker-5b6c7d').put('t/z', Buffer.from('z'));
    const error = await expectFailure(refused, 'STORE_NOT_SHARED');
    expect(error.message).toContain('belongs to the host alpine');
    expect(error.hint).toContain('HOLDFAST_HOST_ID');
  });

  it('needs no name for a directory that is shared', async () => {
    await open({ lasts: false, shared: true }).put('t/x', Buffer.from('x'));
    expect(await readdir(folder.path)).toEqual(['t']);
  });
});

describe('limits and failures', () => {
  it('refuses a stream beyond `maxObjectSize`, and leaves nothing of it', async () => {
    const store = open({ max: 1000 });
    expect(store.maxObjectBytes).toBe(1000);
    await store.create('t/x', stream(someBytes(1000)));
    await expectFailure(store.create('t/y', stream(someBytes(1001))), 'STORE_REFUSED');
    await expect(store.create('t/z', cut(someBytes(10)))).rejects.toThrow('too early');
    expect(await readdir(join(folder.path, 't'))).toEqual(['x']);
  });

  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EDQUOT', 'the quota of the disk is used up'],
  ])('a full disk (%s) is a failure that waits for a person', async (code, reason) => {
    const store = open();
    await store.put('t/x', Buffer.from('x'));
    disk.fault = (call, path) => (call === 'write' && path.includes('y.tar') ? code : undefined);
    const error = await expectFailure(
      store.create('t/b/y.tar', stream(someBytes(3_000_000))),
      'STORE_FULL',
    );
    expect(error.message).toContain(`could not write t/b/y.tar: ${reason} (${code}).`);
    expect(error.retryable).toBe(false);
    expect(await readdir(join(folder.path, 't/b'))).toEqual([]);
  });

  it.each(['EACCES', 'EROFS'])('a folder without permission (%s) is told', async (code) => {
    const store = open();
    await store.put('t/x', Buffer.from('x'));
    disk.fault = (call, path) => (call === 'open' && path.includes('y.tar') ? code : undefined);
    const error = await expectFailure(store.put('t/y.tar', Buffer.from('y')), 'STORE_DENIED');
    expect(error.message).toContain('could not write t/y.tar');
    expect(await readdir(join(folder.path, 't'))).toEqual(['x']);
  });

  it.each(['EPERM', 'ENOTSUP', 'ENOSYS'])(
    'a file system without hard links (%s) is told as one',
    async (code) => {
      disk.fault = (call) => (call === 'link' ? code : undefined);
      const error = await expectFailure(open().put('t/x', Buffer.from('x')), 'STORE_REFUSED');
      expect(error.message).toContain('no hard links (FAT and exFAT');
      expect(await readdir(folder.path)).toEqual([]);
    },
  );

  it('an object where a folder is needed is told', async () => {
    const store = open();
    await store.put('t/x', Buffer.from('x'));
    await expectFailure(store.put('t/x/y', Buffer.from('y')), 'STORE_REFUSED');
  });
});
