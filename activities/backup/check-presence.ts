import { DATA } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import { lineKey } from '../pipeline/line-key.ts';
import type { Store } from '../stores/store.ts';

/**
 * The last look before the commit: everything that the manifest will name is there with its size. It removes nothing:
 * what this attempt takes for a stray may be what another attempt, which commits first, is about to name.
 * @throws BACKUP_INCOMPLETE
 */
export async function checkPresence(
  store: Store,
  folder: string,
  lines: ObjectLine[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Map(lines.map((line) => [lineKey(folder, line), line.bytes]));
  for await (const { key, bytes } of store.list(folder + DATA, { signal })) {
    const expected = wanted.get(key);
    if (expected === undefined) continue;
    if (expected !== bytes) throw wrongSize(store, key, expected, bytes);
    wanted.delete(key);
  }
  // A listing may lag behind; a question about one object may not.
  await eachBounded(wanted, AT_ONCE, async ([key, expected]) => {
    const there = await store.head(key, { signal });
    if (!there) throw missing(store, key);
    if (there.bytes !== expected) throw wrongSize(store, key, expected, there.bytes);
  });
}

/** An earlier backup may own thousands of the objects, and the lock of the target is held meanwhile. */
const AT_ONCE = 16;

/** Believed at the fifth attempt: some stores do not see for a moment what they took, and the run has come so far. */
function missing(store: Store, key: string): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${key} was stored in ${store.name} and is not there.`,
    { patience: { tries: 5 } },
  );
}

function wrongSize(store: Store, key: string, expected: number, bytes: number): HoldfastError {
  return new HoldfastError(
    'BACKUP_INCOMPLETE',
    `${key} in store ${store.name} has ${bytes} bytes, and ${expected} were stored.`,
  );
}
