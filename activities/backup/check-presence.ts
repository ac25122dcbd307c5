import { DATA } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/**
 * The last look before the commit: everything that the manifest will name is there with its size. What is there
 * beside it (of attempts that lost) is removed, so that a committed backup holds nothing unnamed.
 * @throws BACKUP_INCOMPLETE
 */
export async function checkPresence(
  store: Store,
  folder: string,
  lines: ObjectLine[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Map(lines.map((line) => [folder + line.path, line.bytes]));
  const strays: string[] = [];
  for await (const { key, bytes } of store.list(folder + DATA, { signal })) {
    const expected = wanted.get(key);
    if (expected === undefined) strays.push(key);
    else if (expected === bytes) wanted.delete(key);
    else throw wrongSize(store, key, expected, bytes);
  }
  // A listing may lag behind; a question about one object may not.
  for (const [key, expected] of wanted) {
    const there = await store.head(key, { signal });
    if (!there) throw missing(store, key);
    if (there.bytes !== expected) throw wrongSize(store, key, expected, there.bytes);
  }
  if (strays.length > 0) await store.remove(strays, { signal });
}

function missing(store: Store, key: string): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${key} was stored in ${store.name} and is not there.`,
  );
}

function wrongSize(store: Store, key: string, expected: number, bytes: number): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${key} in store ${store.name} has ${bytes} bytes, and ${expected} were stored.`,
  );
}
