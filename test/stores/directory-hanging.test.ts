import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostIdentity } from '../../activities/stores/host-identity.ts';
import { settledWithin } from '../../activities/stores/interruption.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Store } from '../../activities/stores/store.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { diskFaults } from './disk-faults.ts';
import { collect, listOf, someBytes, stream } from './sources.ts';

/** Far beyond the second that a call may take: without an end it would take for ever. */
const PATIENCE_MS = 20_000;

const disk = diskFaults();
const host: HostIdentity = { id: 'host', name: 'host', lasts: true };
let folder: TemporaryFolder;
let store: Store;

beforeEach(async () => {
  folder = await temporaryFolder('hanging');
  store = openStore(
    { name: 'disk', type: 'directory', path: folder.path },
    createStoreResources({ host }),
  );
  await store.put('t/b/data/x', Buffer.from('x'));
  const unfinished = join(folder.path, 't/b/data/.holdfast-part~0123456789abcdef~y');
  await mkdir(dirname(unfinished), { recursive: true });
  await writeFile(unfinished, 'half');
});
afterEach(async () => folder.remove());

type Call = Parameters<typeof disk.fault>[0];
const create = (signal: AbortSignal) =>
  store.create('t/b/data/new', stream(someBytes(10)), { signal });

/** As where the server of a network file system is away: whoever asks waits until it is back. */
describe('a disk that answers no more', () => {
  it.each<[string, Call, RegExp, (signal: AbortSignal) => Promise<unknown>]>([
    ['list a folder', 'readdir', /data.?$/, (signal) => listOf(store.list('t/b/', { signal }))],
    ['look at what it lists', 'stat', /data.x$/, (signal) => listOf(store.list('t/', { signal }))],
    ['find uploads', 'readdir', /data.?$/, (signal) => listOf(store.openUploads('t/', { signal }))],
    ['look at an upload', 'stat', /~y$/, (signal) => listOf(store.openUploads('t/', { signal }))],
    ['list folders', 'readdir', /t.b.?$/, (signal) => store.folders('t/', { signal })],
    ['look', 'stat', /data.x$/, (signal) => store.head('t/b/data/x', { signal })],
    ['read', 'open', /data.x$/, (signal) => collect(store.read('t/b/data/x', { signal }))],
    ['begin to write', 'open', /~new$/, create],
    ['write', 'write', /~new$/, create],
    ['have what was written on the disk', 'sync', /~new$/, create],
    ['make it appear', 'link', /~new$/, create],
    ['remove', 'unlink', /data.x$/, (signal) => store.remove(['t/b/data/x'], { signal })],
    ['remove a folder', 'rmdir', /data$/, (signal) => store.remove(['t/b/data/x'], { signal })],
  ])('lets go of a call that would %s, once that is aborted', async (_name, on, where, run) => {
    await expectLettingGo((call, path) => call === on && where.test(path), run);
  });

  it.each<[string, Call, string, Call, (signal: AbortSignal) => Promise<unknown>]>([
    [
      'has no object',
      'open',
      'ENOENT',
      'stat',
      (signal) => collect(store.read('t/b/data/x', { signal })),
    ],
    [
      'cannot read one',
      'open',
      'EIO',
      'readdir',
      (signal) => collect(store.read('t/b/data/x', { signal })),
    ],
    [
      'may not enter a folder',
      'readdir',
      'EACCES',
      'readdir',
      (signal) => listOf(store.list('t/b/', { signal })),
    ],
  ])('lets go of one that %s, and asks why (%s: %s)', async (_name, on, code, asking, run) => {
    const where = /data.(x$|$)/;
    const isRoot = (call: Call, path: string) => call === asking && path === folder.path;
    let failed = false;
    await expectLettingGo(
      (call, path) => failed && isRoot(call, path),
      run,
      (call, path) => {
        if (call !== on || !where.test(path)) return undefined;
        failed = true;
        return code;
      },
    );
  });

  async function expectLettingGo(
    hangs: (call: Call, path: string) => boolean,
    run: (signal: AbortSignal) => Promise<unknown>,
    fails: (call: Call, path: string) => string | undefined = () => undefined,
  ): Promise<void> {
    const aborted = new AbortController();
    const asked = new Promise<void>((resolve) => {
      disk.fault = (call, path) => {
        if (!hangs(call, path)) return fails(call, path);
        resolve();
        return new Promise<undefined>(() => undefined);
      };
    });
    const end = run(aborted.signal).then(
      () => undefined,
      (error: unknown) => error,
    );
    await Promise.race([asked, end]);
    aborted.abort(new Error('enough'));
    expect(await settledWithin(end, PATIENCE_MS)).toBe(true);
    expect(await end).toMatchObject({ message: 'enough' });
    expect(await settledWithin(store.close(), PATIENCE_MS)).toBe(true);
  }
});
