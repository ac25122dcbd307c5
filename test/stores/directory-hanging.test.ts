import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { removeLease } from '../../activities/catalog/leases.ts';
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
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await folder.remove();
});

type Call = Parameters<typeof disk.fault>[0];
const create = (signal: AbortSignal) =>
  store.create('t/b/data/new', stream(someBytes(10)), { signal });

const CALLS: [string, Call, RegExp, (signal: AbortSignal) => Promise<unknown>][] = [
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
];

/** As where the server of a network file system is away: whoever asks waits until it is back. */
describe('a disk that answers no more', () => {
  it.each(CALLS)(
    'lets go of a call that would %s, once that is aborted',
    async (_name, on, where, run) => {
      await expectLettingGo((call, path) => call === on && where.test(path), run);
    },
  );

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

  it('does not hold up who leaves, over a lease', async () => {
    const soon = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(soon.signal);
    const lease = { target: 't', backup: 'b', runId: 'run' };
    await expectLettingGo(
      (call, path) => call === 'unlink' && /run.json$/.test(path),
      (signal) => {
        signal.addEventListener('abort', () => soon.abort(signal.reason));
        return removeLease(store, lease);
      },
    );
    expect(timeout).toHaveBeenCalledOnce();
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

describe('a disk that answers no more, and nobody to abort', () => {
  const never = new AbortController().signal;
  const hurried = () =>
    openStore(
      { name: 'nas', type: 'directory', path: folder.path },
      createStoreResources({ host, answerMs: 100 }),
    );
  const stalled = {
    code: 'STORE_STALLED',
    message: expect.stringContaining('does not answer') as string,
  };

  it.each(CALLS)('has a call that would %s fail', async (_name, on, where, run) => {
    store = hurried();
    disk.fault = (call, path) =>
      call === on && where.test(path) ? new Promise<undefined>(() => undefined) : undefined;
    await expect(run(never)).rejects.toMatchObject(stalled);
  });

  it.each<[string, number, () => Promise<unknown>]>([
    ['lists all', 2, () => listOf(store.list('t/'))],
    ['looks for what was begun', 1, () => listOf(store.openUploads('t/'))],
    ['lists folders', 1, () => store.folders('t/')],
  ])('is none that takes a while for each folder, where it %s', async (_name, found, run) => {
    store = hurried();
    await store.put('t/b/deep/1/2/3/4/y', Buffer.from('y'));
    let waitedMs = 0;
    disk.fault = async (call) => {
      if (call !== 'readdir') return undefined;
      // Not before the call is made.
      await Promise.resolve();
      waitedMs += 60;
      vi.advanceTimersByTime(60);
      return undefined;
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    expect(await run()).toHaveLength(found);
    expect(waitedMs).toBeGreaterThan(100);
  });

  it('is asked no more while two calls have no answer, and again when it has answered one', async () => {
    store = hurried();
    const answers: (() => void)[] = [];
    let asked = 0;
    disk.fault = (call, path) => {
      if (call !== 'stat' || !path.endsWith('data/x')) return undefined;
      asked += 1;
      return new Promise<undefined>((resolve) => answers.push(() => resolve(undefined)));
    };
    const look = () => store.head('t/b/data/x');
    const both = [look(), look()].map((one) => expect(one).rejects.toMatchObject(stalled));
    await Promise.all(both);
    await expect(look()).rejects.toMatchObject(stalled);
    expect(asked).toBe(2);
    disk.fault = () => undefined;
    await expect(store.put('t/b/data/new', Buffer.from('new'))).rejects.toMatchObject(stalled);
    answers[0]?.();
    await expect.poll(() => look().catch(() => undefined)).toMatchObject({ bytes: 1 });
  });
});
