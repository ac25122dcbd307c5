import { isAsWritten, type ProductObject } from '../../catalog/product-objects.ts';
import { HoldfastError } from '../../failure.ts';
import type { Store, StoredObject } from '../../stores/store.ts';
import type { PreviousBackup } from '../delegated.ts';
import { chunkFault } from './chunk-fault.ts';
import { globalKey } from './descriptors.ts';

/**
 * Whether the server's storage still holds a backup, and all that it rests on, as they were committed. The server looks
 * at descriptors alone, so that it would go on building on a chunk that was cut short.
 */
export async function isChainWhole(
  storage: Store,
  previous: PreviousBackup,
  signal: AbortSignal,
): Promise<boolean> {
  const there = new Map<string, StoredObject>();
  for (const name of [previous.name, ...previous.bases]) {
    for await (const object of storage.list(`${name}/`, { signal })) there.set(object.key, object);
    if (!there.has(globalKey(name))) return false;
  }
  const listed = await listedObjects(previous);
  if (!listed) return false;
  return listed.every((object) => object.role === 'other' || isIntact(object, there));
}

/**
 * What is wrong with a chunk of an earlier backup. Where the catalog does not tell how it was written, it has to look
 * whole at least.
 */
export async function baseChunkFault(
  storage: Store,
  key: string,
  listed: ReadonlyMap<string, ProductObject>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const object = await storage.head(key, { signal });
  if (!object) return 'is missing';
  const wanted = listed.get(key);
  if (!wanted) return chunkFault(storage, object, signal);
  return isAsWritten(wanted, object) ? undefined : 'is not as it was when that one was committed';
}

/** @returns none where the catalog does not tell */
export async function listedAmong(
  previous: PreviousBackup | undefined,
  keys: ReadonlySet<string>,
): Promise<Map<string, ProductObject>> {
  const listed = previous && keys.size > 0 ? await listedObjects(previous, keys) : undefined;
  return new Map((listed ?? []).map((object) => [object.key, object]));
}

/** Undefined when the list cannot be read any more. */
async function listedObjects(
  previous: PreviousBackup,
  keys?: ReadonlySet<string>,
): Promise<ProductObject[] | undefined> {
  const listed: ProductObject[] = [];
  try {
    for await (const object of previous.objects?.() ?? []) {
      if (keys?.has(object.key) ?? true) listed.push(object);
    }
  } catch (error) {
    const lost = ['BACKUP_UNKNOWN', 'BACKUP_DAMAGED'];
    if (error instanceof HoldfastError && lost.includes(error.code)) return undefined;
    throw error;
  }
  return listed;
}

function isIntact(object: ProductObject, there: ReadonlyMap<string, StoredObject>): boolean {
  return isAsWritten(object, there.get(object.key));
}
