import {
  directoryStorage,
  startWeaviateSimulator,
  type WeaviateSimulator,
} from '../simulators/weaviate/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { seedArticles } from '../workflows/seed-articles.ts';
import { HASTE, setStage, type Stage } from './stage.ts';

/** A stage with two databases that write their backups by themselves, as targets `articles` and `shelf`. */
export interface DelegatedStage extends Stage {
  database: WeaviateSimulator;
  shelf: WeaviateSimulator;
  /** Where each writes its backups. */
  storage: string;
  shelfStorage: string;
}

export async function setDelegatedStage(
  options: Parameters<typeof setStage>[0] = {},
): Promise<DelegatedStage> {
  const stage = await setStage({ shards: 1, ...options });
  const storage = await temporaryFolder('storage');
  const shelfStorage = await temporaryFolder('shelf-storage');
  const database = await startWeaviateSimulator({ storage: directoryStorage(storage.path) });
  const shelf = await startWeaviateSimulator({ storage: directoryStorage(shelfStorage.path) });
  await seedArticles(database.url);
  const target = (url: string, path: string) => ({
    product: 'weaviate',
    connection: { url, backend: 'filesystem', storage: { type: 'directory', path } },
    store: 'disk',
    timeouts: HASTE,
    safetyBackup: false,
  });
  Object.assign(stage.config.targets, {
    articles: target(database.url, storage.path),
    shelf: target(shelf.url, shelfStorage.path),
  });
  await stage.reconfigure();
  return {
    ...stage,
    database,
    shelf,
    storage: storage.path,
    shelfStorage: shelfStorage.path,
    stop: async () => {
      await stage.stop();
      await Promise.all([database.stop(), shelf.stop(), storage.remove(), shelfStorage.remove()]);
    },
  };
}
