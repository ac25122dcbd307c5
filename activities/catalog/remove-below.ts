import type { Store } from '../stores/store.ts';

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

/** Removes every object and every unfinished upload below a prefix. */
export async function removeBelow(
  store: Store,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  await abortUploadsBelow(store, prefix, signal);
  let keys: string[] = [];
  for await (const { key } of store.list(prefix, { signal })) {
    keys.push(key);
    if (keys.length < AT_ONCE) continue;
    await store.remove(keys, { signal });
    keys = [];
  }
  if (keys.length > 0) await store.remove(keys, { signal });
}
