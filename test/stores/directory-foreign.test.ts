import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { snapshotOf } from '../../activities/config/config.ts';
import { foreignDirectory, grant } from '../../activities/stores/directory/access.ts';
import { foreignStorage } from '../../activities/foreign-storage.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Store } from '../../activities/stores/store.ts';
import { withStorage } from '../../activities/workspace.ts';
import { load, withTarget } from '../config/load.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { expectFailure } from './conformance.ts';
import { listOf, someBytes, stream } from './sources.ts';

/** Of whoever runs the database, in a world whose tests all run as one user. */
const SERVER = 65_534;
const isRoot = process.geteuid?.() === 0;
const KEY = 'backup-1/node1/Article/chunk-1';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('storage');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await folder.remove();
});

/** The storage of a database, as every activity opens it. */
async function inStorage<T>(body: (storage: Store) => Promise<T>): Promise<T> {
  const stores = createStoreResources();
  try {
    return await withStorage({ stores }, await snapshot(), body);
  } finally {
    await stores.close();
  }
}

async function snapshot() {
  const connection = `{ url: 'http://a', backend: filesystem, storage: { type: directory, path: ${folder.path} } }`;
  const config = await load(withTarget('', connection).replace('influxdb-v2', 'weaviate'));
  return snapshotOf(config, 'metrics');
}

const modeOf = async (path: string) => (await stat(join(folder.path, path))).mode & 0o7777;

describe("what is put back into a database's own directory", () => {
  it.each([
    ['2770', '660'],
    ['755', '644'],
    ['1777', '666'],
    ['700', '600'],
  ])('can be used by whoever uses a directory of mode %s', async (octal, file) => {
    const root = Number.parseInt(octal, 8);
    await chmod(folder.path, root);
    await inStorage(async (storage) => {
      await storage.create(KEY, stream(someBytes(10)));
      await storage.put('backup-1/backup_config.json', Buffer.from('{}'));
    });
    expect((await modeOf(KEY)).toString(8)).toBe(file);
    expect((await modeOf('backup-1/backup_config.json')).toString(8)).toBe(file);
    for (const path of ['backup-1', 'backup-1/node1', 'backup-1/node1/Article']) {
      expect(await modeOf(path)).toBe(root & ~0o1000);
    }
  });

  it('is read, written beside and removed by a server that is another user', async (context) => {
    context.skip(!isRoot, 'only root may act as another user');
    await chown(folder.path, SERVER, SERVER);
    await inStorage((storage) => storage.create(KEY, stream(Buffer.from('a chunk'))));
    const asServer = (script: string) =>
      execFileSync('sh', ['-ec', script], {
        cwd: folder.path,
        uid: SERVER,
        gid: SERVER,
      }).toString();
    expect(asServer(`cat ${KEY}`)).toBe('a chunk');
    expect(asServer('echo {} > backup-1/restore_config.json; ls backup-1')).toBe(
      'node1\nrestore_config.json\n',
    );
    asServer('rm -r backup-1');
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('leaves folders that are there as they are', async () => {
    await mkdir(join(folder.path, 'backup-1'), { mode: 0o750 });
    await chmod(folder.path, 0o777);
    await inStorage((storage) => storage.put(KEY, Buffer.from('x')));
    expect(await modeOf('backup-1')).toBe(0o750);
    expect(await modeOf('backup-1/node1')).toBe(0o777);
    expect(await inStorage((storage) => listOf(storage.list('')))).toMatchObject([{ key: KEY }]);
  });
});

describe('a file that cannot be given away', () => {
  const ME = 1000;
  const GROUP = 2000;

  /** Whether `chown` to a group works, as it does for one of whose members this is. */
  function file(member: boolean) {
    const found = { uid: ME, gid: ME, mode: 0o100_600, isDirectory: () => false };
    return {
      found,
      stat: () => Promise.resolve({ ...found }),
      chmod: (mode: number) => Promise.resolve(void (found.mode = 0o100_000 | mode)),
      chown(uid: number, gid: number) {
        const may = uid === found.uid && (member || gid === found.gid);
        if (!may) return Promise.reject(Object.assign(new Error(), { code: 'EPERM' }));
        found.gid = gid;
        return Promise.resolve();
      },
    };
  }
  const like = (mode: number) => ({
    fileMode: mode & 0o666,
    folderMode: mode,
    owner: { uid: SERVER, gid: GROUP },
  });
  const granting = (handle: ReturnType<typeof file>, mode: number) =>
    grant(handle as unknown as FileHandle, like(mode), '/backups/x');

  it('is given to the group of the directory', async () => {
    const handle = file(true);
    await granting(handle, 0o770);
    expect(handle.found).toMatchObject({ uid: ME, gid: GROUP, mode: 0o100_660 });
  });

  it('is well where everybody may use the directory', async () => {
    const handle = file(false);
    await granting(handle, 0o777);
    expect(handle.found).toMatchObject({ uid: ME, gid: ME, mode: 0o100_666 });
  });

  it('is refused where the owner of the directory could not use it', async () => {
    for (const [member, mode] of [
      [false, 0o770],
      [true, 0o700],
      [true, 0o750],
    ] as const) {
      const error = await expectFailure(granting(file(member), mode), 'STORE_DENIED');
      expect(error.message).toContain('cannot be given to the user 65534 and the group 2000');
      expect(error.hint).toContain('Run the worker as the user of the database');
    }
  });
});

describe('a directory that the doctor looks at', () => {
  const as = (uid: number, groups: number[] = [uid]) => {
    vi.spyOn(process, 'geteuid').mockReturnValue(uid);
    vi.spyOn(process, 'getegid').mockReturnValue(uid);
    vi.spyOn(process, 'getgroups').mockReturnValue(groups);
  };

  it('needs nothing to be said where this user owns it, or everybody may write', async () => {
    expect(await foreignDirectory(folder.path)).toBeUndefined();
    expect(await foreignDirectory(join(folder.path, 'absent'))).toBeUndefined();
    as(4711);
    await chmod(folder.path, 0o777);
    expect(await foreignDirectory(folder.path)).toBeUndefined();
  });

  it('is told where this user may not write, or writes for a group', async () => {
    const { uid, gid } = await stat(folder.path);
    await chmod(folder.path, 0o755);
    as(4711);
    const told = await foreignDirectory(folder.path);
    expect(told).toContain(`belongs to the user ${uid} (mode 755), and this is the user 4711`);
    expect(told).toContain('may not write there');
    await chmod(folder.path, 0o770);
    as(4711, [4711, gid]);
    const resources = createStoreResources();
    const [said] = await foreignStorage(resources, AbortSignal.timeout(9_000), await snapshot());
    expect(said).toContain(`and the group ${gid}, in which`);
  });
});
