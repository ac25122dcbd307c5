import { HoldfastError } from '../failure.ts';
import { compareKeys } from '../stores/keys.ts';
import type { OpenUpload, Store, StoredObject } from '../stores/store.ts';

const AT_ONCE = 1_000;

/** Ends every upload below a prefix that was begun and not completed. */
export async function abortUploadsBelow(
  store: Store,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  for await (const upload of store.openUploads(prefix, { signal })) {
    await store.abortUpload(upload, { signal });
  }
}

/**
 * The same where a database writes: whoever owns that storage may not let its uploads be listed, which `doctor` tells. Then
 * those that were begun stay until a rule of the bucket ends them, and keep nothing else from being removed.
 */
export async function abortForeignUploadsBelow(
  storage: Store,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  const found: OpenUpload[] = [];
  try {
    for await (const upload of storage.openUploads(prefix, { signal })) found.push(upload);
  } catch (error) {
    if (!(error instanceof HoldfastError && error.code === 'STORE_DENIED')) throw error;
  }
  for (const upload of found) await storage.abortUpload(upload, { signal });
}

/**
 * Removes every object and every unfinished upload below a prefix.
 * @param seen told of each object
 * @param last keys that are removed after all others, in this order
 * @param foreign a database writes there as well
 */
export async function removeBelow(
  store: Store,
  prefix: string,
  signal: AbortSignal,
  {
    seen,
    last = [],
    foreign = false,
  }: { seen?: (object: StoredObject) => void; last?: string[]; foreign?: boolean } = {},
): Promise<void> {
  await (foreign ? abortForeignUploadsBelow : abortUploadsBelow)(store, prefix, signal);
  const markers: string[] = [];
  let keys: string[] = [];
  for await (const object of store.list(prefix, { signal, markers: true })) {
    const { key } = object;
    if (key.endsWith('/')) markers.push(key);
    else {
      seen?.(object);
      if (!last.includes(key)) keys.push(key);
    }
    if (keys.length < AT_ONCE) continue;
    await store.remove(keys, { signal });
    keys = [];
  }
  await store.remove(keys, { signal });
  for (const key of last) await store.remove([key], { signal });
  // The inner ones first: a service that keeps its objects as files may refuse to remove a folder that holds some.
  for (const key of markers.sort(compareKeys).toReversed())
    await store.remove([key], { signal, markers: true });
}
