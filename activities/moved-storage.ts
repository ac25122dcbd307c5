import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';
import type { Manifest } from './catalog/manifest.ts';
import { isAsWritten, readProductObjects } from './catalog/product-objects.ts';
import { HoldfastError } from './failure.ts';
import { fullPlaceOf, isSamePlace } from './stores/place.ts';
import type { Store } from './stores/store.ts';
import { storageOf } from './workspace.ts';

/** Where the database wrote a backup, when its target writes elsewhere now. */
export function earlierPlace(
  { delegated }: Manifest,
  snapshot: TargetSnapshot,
): string | undefined {
  if (!delegated || isSamePlace(delegated.place, storageOf(snapshot))) return undefined;
  return delegated.place;
}

/**
 * That an object is not where its target writes now tells nothing of a backup that was written elsewhere. What was moved
 * along, or is reached by another name, is there, and then all is well.
 * @throws PRODUCT_STORAGE_MOVED
 */
export async function requireNotMoved(
  store: Store,
  storage: Store,
  manifest: Manifest,
  snapshot: TargetSnapshot,
  signal: AbortSignal,
): Promise<void> {
  if (earlierPlace(manifest, snapshot) === undefined) return;
  for await (const object of readProductObjects(store, manifest, signal)) {
    if (isAsWritten(object, await storage.head(object.key, { signal }))) return;
    throw storageMoved(manifest, snapshot);
  }
}

export function storageMoved(manifest: Manifest, snapshot: TargetSnapshot): HoldfastError {
  const { id, target } = manifest;
  return new HoldfastError(
    'PRODUCT_STORAGE_MOVED',
    `What the database wrote for backup ${id} of ${target} lies in ${earlierPlace(manifest, snapshot)} alone, and ` +
      `${target} writes to ${fullPlaceOf(storageOf(snapshot))} now, where it is not.`,
  );
}
