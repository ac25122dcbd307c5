import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import {
  directoryStorage,
  startWeaviateSimulator,
  type WeaviateSimulator,
} from '../simulators/weaviate/index.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { seedArticles } from './seed-articles.ts';
import { HASTE } from './world.ts';

/** A database that writes its backups by itself, the storage where it does, a Holdfast store, and a worker. */
export interface DelegatedWorld {
  database: WeaviateSimulator;
  /** Another cluster, with a storage of its own. */
  spare: WeaviateSimulator;
  holdfast: Holdfast;
  config: { stores: Record<string, object>; targets: Record<string, Record<string, unknown>> };
  /** Folders: of the Holdfast store, of the database's storage, of the spare one's. */
  store: string;
  storage: string;
  spareStorage: string;
  manifest(backup: string): Promise<Manifest>;
  /** Waits for the workflow that copies a backup, and returns its report. */
  copied(backup: string): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

export async function startDelegatedWorld(
  options: { timeouts?: object; speed?: number } = {},
): Promise<DelegatedWorld> {
  const [store, storage, spareStorage] = await Promise.all(
    ['store', 'storage', 'spare-storage'].map((name) => temporaryFolder(name)),
  );
  if (!store || !storage || !spareStorage) throw new Error('There are three folders.');
  const speed = options.speed ?? 100;
  const [database, spare] = await Promise.all([
    startWeaviateSimulator({ storage: directoryStorage(storage.path), speed }),
    startWeaviateSimulator({ storage: directoryStorage(spareStorage.path), speed }),
  ]);
  await seedArticles(database.url);
  const target = (url: string, path: string) => ({
    product: 'weaviate',
    connection: { url, backend: 'filesystem', storage: { type: 'directory', path } },
    store: 'disk',
    timeouts: { ...HASTE, ...options.timeouts },
    safetyBackup: false,
  });
  const config: DelegatedWorld['config'] = {
    stores: { disk: { type: 'directory', path: store.path } },
    targets: {
      articles: target(database.url, storage.path),
      spare: target(spare.url, spareStorage.path),
    },
  };
  const holdfast = await startHoldfast({ address: inject('temporalAddress'), config });
  return {
    database,
    spare,
    holdfast,
    config,
    store: store.path,
    storage: storage.path,
    spareStorage: spareStorage.path,
    manifest: async (backup) => {
      const text = await readFile(join(store.path, 'articles', backup, 'backup.json'), 'utf8');
      return JSON.parse(text) as Manifest;
    },
    copied: async (backup) =>
      (await holdfast.client.workflow.getHandle(`copy/articles/${backup}`).result()) as Record<
        string,
        unknown
      >,
    stop: async () => {
      await holdfast.stop();
      await database.stop();
      await spare.stop();
      await Promise.all([store, storage, spareStorage].map((folder) => folder.remove()));
    },
  };
}
