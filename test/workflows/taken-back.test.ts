import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Attempt } from '../../activities/attempt/attempt.ts';
import { takenBackIfWhole } from '../../activities/delete/taken-back-if-whole.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { DeleteJob } from '../../workflows/contract/activities.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const denied = new HoldfastError('STORE_DENIED', 'The store takes nothing away.');
const { signal } = new AbortController();
let folder: TemporaryFolder;
let store: DirectoryStore;

beforeEach(async () => {
  folder = await temporaryFolder('taken-back');
  const settings = { name: 'disk', type: 'directory', path: folder.path } as const;
  store = new DirectoryStore(settings, createStoreResources());
  for (const name of ['one', 'two']) await store.put(`backup/${name}`, Buffer.from(name));
});
afterEach(() => folder.remove());

/** Taking back would need the run's store, which is not there: it would fail with another error. */
function removing(done: number[], remove: () => Promise<void>): Promise<void> {
  const at = { number: 1, done: new Set(done), signal, figures: {} } as Attempt;
  const where = { store, prefix: 'backup/' };
  return takenBackIfWhole({} as Dependencies, {} as DeleteJob, at, where, async () => {
    await remove();
    throw denied;
  });
}

test('what was refused before anything was removed is taken back', async () => {
  await expect(removing([], async () => undefined)).rejects.not.toBe(denied);
});

test('what an attempt had begun is not taken back by the first one after a reset of the activity', async () => {
  await expect(removing([0], async () => undefined)).rejects.toBe(denied);
});

test('an object that came in place of one that is gone makes nothing whole', async () => {
  const swap = async () => {
    await store.remove(['backup/one']);
    await store.put('backup/three', Buffer.from('three'));
  };
  await expect(removing([], swap)).rejects.toBe(denied);
});
