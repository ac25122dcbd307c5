import type { ArtifactPlan, OpenArtifact } from '../../activities/products/product.ts';
import type { StoreArtifactOptions } from '../../activities/pipeline/store-artifact-options.ts';
import { DirectoryStore } from '../../activities/stores/directory/directory-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Store } from '../../activities/stores/store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { inChunks } from './streams.ts';

export const FOLDER = 'metrics/2026-11-20t02-00-00z-7f3a1c/';

/** A directory store of its own, and short ways to what the tests of the pipeline do with it. */
export async function backupFolder(options: { maxObjectSize?: number } = {}) {
  const folder = await temporaryFolder('pipeline');
  const resources = createStoreResources();
  const settings = { name: 'disk', type: 'directory' as const, path: folder.path };
  const store = new DirectoryStore({ ...settings, ...options }, resources);
  return {
    store,
    path: folder.path,
    /** Paths below the backup's folder. */
    async objects(): Promise<string[]> {
      const keys: string[] = [];
      for await (const object of store.list(FOLDER)) keys.push(object.key.slice(FOLDER.length));
      for await (const upload of store.openUploads('')) keys.push(`unfinished ${upload.key}`);
      return keys;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await resources.close();
      await folder.remove();
    },
  };
}

export function artifactOf(
  format: ArtifactPlan['format'],
  more: Partial<ArtifactPlan> = {},
): ArtifactPlan {
  const path = format === 'tar' ? 'x.1.tar' : `x.${format}`;
  return { path, role: 'shard', subject: 'telemetry/shard 1', format, key: {}, ...more };
}

/** What `storeArtifact` needs to store these bytes. */
export function storing(
  store: Store,
  artifact: ArtifactPlan,
  bytes: Uint8Array,
  more: Partial<StoreArtifactOptions> & { chunk?: number; codec?: OpenArtifact['codec'] } = {},
): StoreArtifactOptions {
  const { chunk = 65_536, codec = 'identity', ...rest } = more;
  return {
    store,
    folder: FOLDER,
    artifact,
    open: async () => ({ body: inChunks(bytes, chunk), codec }),
    signal: new AbortController().signal,
    ...rest,
  };
}

/** An element that the test knows to be there. */
export function nth<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`There is no number ${index} among ${items.length}.`);
  return item;
}
