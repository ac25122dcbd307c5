import type { Store } from '../stores/store.ts';
import type { Manifest } from './manifest.ts';
import { readProductObjects, type ProductObject } from './product-objects.ts';
import { readManifest } from './read-manifest.ts';

/**
 * A delegated backup and all that it rests on: itself first, every one once.
 * @throws BACKUP_UNKNOWN, BACKUP_DAMAGED of one that is gone or cannot be read
 */
export async function readChain(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<Manifest[]> {
  const chain = [manifest];
  const seen = new Set([manifest.id]);
  for (const { target, delegated } of chain) {
    for (const { backup } of delegated?.bases ?? []) {
      if (seen.has(backup)) continue;
      seen.add(backup);
      chain.push(await readManifest(store, target, backup, signal));
    }
  }
  return chain;
}

/** Every object that a restore needs: what the product wrote for this backup, and for those that it rests on. */
export async function* readChainObjects(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
): AsyncGenerator<ProductObject> {
  const seen = new Set<string>();
  for (const one of await readChain(store, manifest, signal)) {
    for await (const object of readProductObjects(store, one, signal)) {
      if (seen.has(object.key)) continue;
      seen.add(object.key);
      yield object;
    }
  }
}
