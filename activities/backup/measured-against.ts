import { readObjects } from '../catalog/objects.ts';
import { predecessor } from '../catalog/predecessor.ts';
import type { BackupReader } from '../products/product.ts';
import type { UnderWay } from './under-way.ts';

/** The backup before this one, which a product compares with what it takes; it is looked for when it is asked for. */
export function measuredAgainst({
  at: { signal },
  job,
  store,
}: UnderWay): () => Promise<Pick<BackupReader, 'manifest' | 'objects'> | undefined> {
  return async () => {
    const manifest = await predecessor(store, job, signal);
    return manifest && { manifest, objects: () => readObjects(store, manifest, signal) };
  };
}
