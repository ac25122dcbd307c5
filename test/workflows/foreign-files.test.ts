import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toJson } from '../../activities/catalog/json.ts';
import { livingLeases, writeLease } from '../../activities/catalog/leases.ts';
import { newestProof } from '../../activities/catalog/proofs.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const BACKUP = '2026-11-20t02-00-00z-7f3a1c';
const FOLDER = `metrics/${BACKUP}`;
/** What a file server, a desktop and a person leave beside what Holdfast wrote. */
const FOREIGN = [
  '@eaDir/a.json@SynoEAStream',
  '@eaDir/a.json',
  '._a.json',
  '.DS_Store',
  'notes.txt',
];

let root: TemporaryFolder;
let store: DirectoryStore;

beforeEach(async () => {
  root = await temporaryFolder('foreign-files');
  const settings = { name: 'disk', type: 'directory' as const, path: root.path };
  store = new DirectoryStore(settings, createStoreResources());
});
afterEach(() => root?.remove());

async function leave(name: string): Promise<void> {
  const path = join(root.path, FOLDER, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'nothing that Holdfast wrote');
}

test.each(FOREIGN)('%s beside the proofs says nothing of the backup', async (name) => {
  await leave(`proofs/${name}`);
  expect(await newestProof(store, 'metrics', BACKUP)).toBeUndefined();
  const proof = { time: '2026-11-20T03:00:00.000Z', operation: 'verify', depth: 'deep', ok: true };
  await store.put(`${FOLDER}/proofs/2026-11-20t03-00-00z-aaaaaa-verify.json`, toJson(proof));
  expect(await newestProof(store, 'metrics', BACKUP)).toEqual(proof);
});

test('a proof that cannot be read counts as failed all the same', async () => {
  await leave('proofs/2026-11-20t03-00-00z-aaaaaa-verify.json');
  expect(await newestProof(store, 'metrics', BACKUP)).toMatchObject({ ok: false });
});

test.each(FOREIGN)('%s beside the leases is none, and hides none', async (name) => {
  await leave(`leases/${name}`);
  const lease = { target: 'metrics', backup: BACKUP };
  expect(await livingLeases(store, lease)).toEqual([]);
  const holder = { operation: 'verify', workflowId: 'verify/metrics/x' } as const;
  await writeLease(store, { ...lease, runId: 'a-run' }, holder);
  expect(await livingLeases(store, lease)).toMatchObject([{ runId: 'a-run' }]);
});
