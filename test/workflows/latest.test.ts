import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBackup, SAFETY_TAG } from '../../activities/catalog/find-backup.ts';
import { toJson } from '../../activities/catalog/json.ts';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { newestProof, recordProof } from '../../activities/catalog/proofs.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { listOf } from '../stores/sources.ts';
import { commitBare } from '../support/bare-backup.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let root: TemporaryFolder;
let store: DirectoryStore;
const resources = createStoreResources();
const settings = () => ({ name: 'disk', type: 'directory' as const, path: root.path });

beforeEach(async () => {
  root = await temporaryFolder('latest');
  store = new DirectoryStore(settings(), resources);
  await commit(id(1));
  await commit(id(2));
});
afterEach(() => root?.remove());

const id = (n: number) => `2026-11-20t0${n}-00-00z-00000${n}`;

const commit = (backup: string, more?: Partial<Manifest>, lines?: ObjectLine[]) =>
  commitBare(store, backup, more, lines);

/** What was found out about the newer of the two, one after the other. */
async function proofs(...found: { operation: string; ok: boolean; depth?: string }[]) {
  await proofsOf(id(2), ...found);
}

let proven = 0;

async function proofsOf(backup: string, ...found: object[]) {
  for (const proof of found) {
    const time = new Date(Date.UTC(2026, 10, 20, 3, 0, proven++)).toISOString();
    await store.put(`metrics/${backup}/proofs/${time}.json`, toJson({ time, ...proof }));
  }
}

const line = (more: Pick<ObjectLine, 'path' | 'from'>): ObjectLine => ({
  bytes: 1,
  sha256: '0'.repeat(64),
  codec: 'identity',
  encrypted: false,
  role: 'shard',
  subject: 'a shard',
  ...more,
});

const latest = async (from = store) => (await findBackup(from, 'metrics', 'latest')).manifest.id;

const deep = (ok: boolean) => ({ operation: 'verify', depth: 'deep', ok });
const quick = (ok: boolean) => ({ operation: 'verify', depth: 'quick', ok });
const restored = { operation: 'restore', ok: true };

/** Answers about everything but what was found out. */
class Away extends DirectoryStore {
  override read(key: string): AsyncIterable<Uint8Array> {
    if (!key.includes('/proofs/')) return super.read(key);
    throw new HoldfastError('STORE_UNREACHABLE', 'The store is away.');
  }
}

describe('`latest`', () => {
  test('passes over what a restore saved of its destination, and says so', async () => {
    await commit(id(3), { tags: { [SAFETY_TAG]: id(1) } });
    const { manifest, passedOver } = await findBackup(store, 'metrics', 'latest');
    expect(manifest.id).toBe(id(2));
    expect(passedOver).toEqual([
      expect.stringContaining(`${id(3)}: it was taken before a restore`),
    ]);
  });

  test.each([
    ['damage that a deep look found', 1, [deep(false)]],
    ['the same after a quick look that found nothing', 1, [deep(false), quick(true)]],
    ['the same after a restore of other parts', 1, [deep(false), restored]],
    ['no damage, by a later deep look', 2, [deep(false), deep(true)]],
    ['an object missing, by a quick look', 1, [deep(true), quick(false)]],
    ['that object there again', 2, [quick(false), quick(true)]],
    ['it although a restore of other parts did not need it', 1, [quick(false), restored]],
    ['it there again, whatever was restored since', 2, [quick(false), quick(true), restored]],
  ])('heeds %s', async (_, expected, found) => {
    await proofs(...found);
    expect(await latest()).toBe(id(expected));
  });

  const finding = (object: string) => ({ code: 'BACKUP_DAMAGED', object, message: '' });
  const key = `metrics/${id(1)}/data/a`;
  test.each([
    ['passes over', 2, { damaged: ['data/a'] }],
    ['passes over, when an older Holdfast found it deeply,', 2, { findings: [finding('data/a')] }],
    ['passes over, when an older Holdfast found it quickly,', 2, { findings: [finding(key)] }],
    ['takes, when only other objects are damaged,', 3, { damaged: ['data/b'] }],
    ['takes, when it could not be decrypted,', 3, { findings: [{ ...finding(key), code: 'X' }] }],
  ])('%s a backup that names an object of an earlier one', async (_, expected, told) => {
    await commit(id(3), {}, [line({ path: 'data/x', from: `../${id(1)}/data/a` })]);
    await proofsOf(id(1), { ...deep(false), ...told }, { ...deep(false), damaged: ['data/c'] });
    const { manifest, passedOver } = await findBackup(store, 'metrics', 'latest');
    expect(manifest.id).toBe(id(expected));
    expect(passedOver).toEqual(expected === 3 ? [] : [expect.stringContaining(key)]);
  });

  test('the proof that lists show has no list of its own', async () => {
    await proofsOf(id(2), { ...deep(false), damaged: ['data/a'], findings: [finding('data/a')] });
    const keys = Object.keys((await newestProof(store, 'metrics', id(2))) ?? {});
    expect(keys.toSorted()).toEqual(['depth', 'ok', 'operation', 'time']);
  });

  test.each([
    ['within one second', '03:00:00.400Z'],
    ['by a clock that is hours behind that of the host before', '01:00:00Z'],
  ])('heeds what was found last, also %s', async (_, later) => {
    const found = (runId: string, clock: string, ok: boolean) => {
      const proof = { ...deep(ok), operation: 'verify', runId } as const;
      const time = `2026-11-20T${clock}`;
      return recordProof(store, 'metrics', id(2), { ...proof, time });
    };
    await found('run-ffffff', '03:00:00.300Z', true);
    await found('run-bbbbbb', later, false);
    expect(await latest()).toBe(id(1));
    await found('run-aaaaaa', later, true);
    expect(await latest()).toBe(id(2));
    await found('run-aaaaaa', '04:00:00Z', true);
    expect(await listOf(store.list(`metrics/${id(2)}/proofs/`))).toHaveLength(3);
  });

  test('takes it again when the earlier one was verified again and is sound', async () => {
    await commit(id(3), {}, [line({ path: 'data/x', from: `../${id(1)}/data/a` })]);
    await proofsOf(id(1), { ...deep(false), damaged: ['data/a'] }, quick(true));
    expect(await latest()).toBe(id(2));
    await proofsOf(id(1), deep(true));
    expect(await latest()).toBe(id(3));
  });

  test('passes over it when the earlier one is sound because it names that object no more', async () => {
    await commit(id(3), {}, [line({ path: 'data/x', from: `../${id(1)}/data/a` })]);
    await proofsOf(id(1), { ...deep(false), damaged: ['data/a', 'data/b'] });
    await proofsOf(id(1), { ...quick(true), unread: ['data/a'] });
    await proofsOf(id(1), { ...deep(true), unread: ['data/a'] });
    expect(await newestProof(store, 'metrics', id(1))).toMatchObject({ ok: true });
    expect(await latest()).toBe(id(2));
    await proofsOf(id(1), { ...deep(true), unread: ['data/b'] });
    expect(await latest()).toBe(id(3));
  });

  test.each([
    ['takes', 3, 'after', deep(true)],
    ['passes over', 2, 'before', deep(true)],
    ['passes over', 2, 'after', quick(true)],
    ['passes over', 2, 'after', restored],
  ])('%s it when it was itself looked at since (%s, %s, %o)', async (_, expected, when, look) => {
    await commit(id(3), {}, [line({ path: 'data/x', from: `../${id(1)}/data/a` })]);
    const before = new Date(Date.UTC(2026, 10, 20, 3, 0, proven - 1)).toISOString();
    await proofsOf(id(1), { ...deep(false), damaged: ['data/a'] });
    const after = new Date(Date.UTC(2026, 10, 20, 3, 0, proven)).toISOString();
    await proofsOf(id(3), { ...look, began: when === 'after' ? after : before });
    expect(await latest()).toBe(id(expected));
  });

  test('passes over it when it was looked at before the find, whose host was hours behind', async () => {
    await commit(id(3), {}, [line({ path: 'data/x', from: `../${id(1)}/data/a` })]);
    await proofsOf(id(1), {
      ...deep(false),
      damaged: ['data/a'],
      began: '2026-11-20T06:00:00.000Z',
    });
    await proofsOf(id(3), { ...deep(true), began: '2026-11-20T05:00:00.000Z' });
    expect(await latest()).toBe(id(2));
    await proofsOf(id(3), { ...deep(true), began: '2026-11-20T07:00:00.000Z' });
    expect(await latest()).toBe(id(3));
  });

  test('passes over it although other parts of the earlier one were restored', async () => {
    await commit(id(3), {}, [line({ path: 'data/x', from: `../${id(1)}/data/a` })]);
    await proofsOf(id(1), { ...quick(false), damaged: ['data/a'] }, restored);
    expect(await latest()).toBe(id(2));
    await proofsOf(id(1), quick(true));
    expect(await latest()).toBe(id(3));
  });

  test.each([
    ['gone', id(9)],
    ['damaged', id(1)],
  ])('passes over one that rests on a backup which is %s', async (_, backup) => {
    const objects = { path: 'product.ndjson.gz', bytes: 1, sha256: '0'.repeat(64) };
    const bases = [{ backup: id(2), name: id(2) }];
    const about = { place: 'here', objects, count: 0, bytes: 0 };
    const written = { ...about, name: id(3), bases: [...bases, { backup, name: backup }] };
    await commit(id(3), { kind: 'delegated', delegated: written });
    if (backup === id(1)) await store.overwrite(`metrics/${backup}/backup.json`, toJson({}));
    const { manifest, passedOver } = await findBackup(store, 'metrics', 'latest');
    expect(manifest.id).toBe(id(2));
    expect(passedOver).toEqual([
      expect.stringMatching(new RegExp(`${id(3)}: it rests on a backup .*${backup}`)),
    ]);
  });

  test('takes no older backup because the store cannot be read just now', async () => {
    await proofs(deep(true));
    await expect(latest(new Away(settings(), resources))).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
  });
});
