import type { Store, StoredObject } from '../stores/store.ts';

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
 * Removes every object and every unfinished upload below a prefix.
 * @param seen told of each object
 * @param last keys that are removed after all others, in this order
 */
export async function removeBelow(
  store: Store,
  prefix: string,
  signal: AbortSignal,
  { seen, last = [] }: { seen?: (object: StoredObject) => void; last?: string[] } = {},
): Promise<void> {
  await abortUploadsBelow(store, prefix, signal);
  const markers: string[] = [];
  let keys: string[] = [];
  for await (const object of store.list(prefix, { signal, markers: true })) {
    const { key } = object;
    if (key.endsWith('/')) markers.unshift(key);
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
  for (const key of markers) await store.remove([key], { signal, markers: true });
}
