import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import type { Manifest } from './manifest.ts';
import { readProductObjects, type ProductObject } from './product-objects.ts';
import { readManifest } from './read-manifest.ts';

const BROKEN = ['BACKUP_UNKNOWN', 'BACKUP_DAMAGED'];

/** Is told of a backup that another one rests on, and that is gone or damaged. */
type OnBroken = (backup: string, error: HoldfastError) => void;

/**
 * A delegated backup and all that it rests on: itself first, every one once.
 * @throws BACKUP_UNKNOWN, BACKUP_DAMAGED of one that is gone or damaged, unless `onBroken` is told; BACKUP_FORMAT_NEWER
 */
export async function readChain(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
  onBroken?: OnBroken,
): Promise<Manifest[]> {
  const chain = [manifest];
  const seen = new Set([manifest.id]);
  for (const { target, delegated } of chain) {
    for (const { backup } of delegated?.bases ?? []) {
      if (seen.has(backup)) continue;
      seen.add(backup);
      try {
        chain.push(await readManifest(store, target, backup, signal));
      } catch (error) {
        if (!onBroken || !isBroken(error)) throw error;
        onBroken(backup, error);
      }
    }
  }
  return chain;
}

function isBroken(error: unknown): error is HoldfastError {
  return error instanceof HoldfastError && BROKEN.includes(error.code);
}

/** Every object that a restore needs: what the product wrote for this backup, and for those that it rests on. */
export async function* readChainObjects(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
  onBroken?: OnBroken,
): AsyncGenerator<ProductObject> {
  const seen = new Set<string>();
  for (const one of await readChain(store, manifest, signal, onBroken)) {
    for await (const object of readProductObjects(store, one, signal)) {
      if (seen.has(object.key)) continue;
      seen.add(object.key);
      yield object;
    }
  }
}
