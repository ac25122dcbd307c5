import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBackup, SAFETY_TAG } from '../../activities/catalog/find-backup.ts';
import { toJson } from '../../activities/catalog/json.ts';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
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

async function commit(backup: string, more: Partial<Manifest> = {}): Promise<void> {
  const time = '2026-11-20T02:00:00Z';
  const manifest: Manifest = {
    format: 1,
    holdfast: '0.1.0',
    id: backup,
    target: 'metrics',
    product: { name: 'influxdb-v2', version: '2.9.1', identity: '' },
    kind: 'streamed',
    run: { workflowId: 'backup/metrics/x', runId: 'x', attempt: 1 },
    times: { started: time, captured: { from: time, to: time }, completed: time },
    totals: { artifacts: 0, objects: 0, storedBytes: 0, plainBytes: 0, newBytes: 0 },
    objects: { path: 'objects.ndjson.gz', bytes: 0, sha256: '0'.repeat(64) },
    state: 'ok',
    note: null,
    tags: {},
    warnings: [],
    detail: {},
    ...more,
  };
  await store.put(`metrics/${backup}/backup.json`, toJson(manifest));
}

/** What was found out about the newer of the two, one after the other. */
async function proofs(...found: { operation: string; ok: boolean; depth?: string }[]) {
  for (const [index, proof] of found.entries()) {
    const time = `2026-11-20T03:00:0${index}Z`;
    await store.put(`metrics/${id(2)}/proofs/${time}.json`, toJson({ time, ...proof }));
  }
}

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
  ])('heeds %s', async (_, expected, found) => {
    await proofs(...found);
    expect(await latest()).toBe(id(expected));
  });

  test('takes no older backup because the store cannot be read just now', async () => {
    await proofs(deep(true));
    await expect(latest(new Away(settings(), resources))).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    });
  });
});
