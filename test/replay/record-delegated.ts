import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { directoryStorage, startWeaviateSimulator } from '../simulators/weaviate/index.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { call, classesOf, seedArticles } from '../workflows/seed-articles.ts';

/** The ways of a product that writes its backups by itself. */
export async function recordDelegated(
  address: string,
  record: (name: string, handle: WorkflowHandle, folders: string[]) => Promise<void>,
): Promise<void> {
  await using store = await temporaryFolder('record');
  await using storage = await temporaryFolder('record');
  await using shelfStorage = await temporaryFolder('record');
  await using database = await startWeaviateSimulator({ storage: directoryStorage(storage.path) });
  await using shelf = await startWeaviateSimulator({
    storage: directoryStorage(shelfStorage.path),
  });
  await seedArticles(database.url);
  const timeouts = {
    heartbeat: '2s',
    lockWait: '1s',
    retryPause: '100ms',
    stall: '1s',
    attempts: 3,
  };
  const target = (url: string, path: string) => ({
    product: 'weaviate',
    connection: { url, backend: 'filesystem', storage: { type: 'directory', path } },
    store: 'disk',
    timeouts,
  });
  await using holdfast = await startHoldfast({
    address,
    config: {
      stores: { disk: { type: 'directory', path: store.path } },
      targets: {
        articles: target(database.url, storage.path),
        shelf: target(shelf.url, shelfStorage.path),
      },
    },
  });
  const { client } = holdfast;
  const folders = [store.path, storage.path, shelfStorage.path];
  const keep = (name: string, handle: WorkflowHandle) => record(name, handle, folders);
  const backup = () => holdfast.start('backup', { target: 'articles' });
  const restore = (more: object = {}) =>
    holdfast.start('restore', { target: 'articles', into: 'shelf', ...more });

  const done = await backup();
  await keep('backup-delegated', done);
  const { backup: id } = (await done.result()) as { backup: string };
  await keep('copy-done', client.workflow.getHandle(`copy/articles/${id}`));
  database.switches.backupFails = 1;
  await keep('backup-delegated-second-round', await backup());
  database.switches.backupFails = true;
  await keep('backup-delegated-failed', await backup());
  database.calm();
  database.switches.workMs = 100_000_000;
  const cancelled = await backup();
  await sleep(3_000);
  await cancelled.signal('cancel');
  await keep('backup-delegated-cancelled', cancelled);
  database.calm();

  await keep('restore-delegated', await restore());
  await keep('restore-delegated-refused', await restore());
  await empty(shelf.url);
  shelf.switches.restoreLosesObjects = true;
  await keep('restore-delegated-unproven', await restore());
  await empty(shelf.url);
  shelf.calm();
  shelf.switches.downloadMs = 100_000_000;
  const stopped = await restore();
  await sleep(3_000);
  await stopped.cancel();
  await keep('restore-delegated-cancelled', stopped);
  shelf.calm();
  await keep(
    'delete-done',
    await holdfast.start('delete', { target: 'articles', backup: id, confirm: id }),
  );
}

async function empty(url: string): Promise<void> {
  for (const name of await classesOf(url)) await call(url, 'DELETE', `/v1/schema/${name}`);
}
