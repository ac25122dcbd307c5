import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { lineKey } from '../pipeline/line-key.ts';
import { collectedObjects, readCollected } from './collected.ts';
import { backupFolder } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { readObjects } from './objects.ts';
import { failedProofs, type Proof } from './proofs.ts';

const AT_ONCE = 8;
const DAMAGE = ['BACKUP_DAMAGED', 'OBJECT_MISSING'];

/**
 * An object that a backup names, and that was found damaged or missing when any backup was verified that names it too:
 * such a find is kept beside the backup that owns the object.
 * @returns the first such key; undefined when none is known
 * @throws BACKUP_DAMAGED of a list that cannot be read, STORE_*
 */
export async function damagedNamed(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const keys: string[] = [];
  for await (const key of keysOf(store, manifest, signal)) {
    // What was found out about the backup's own objects stands in its own proofs.
    if (ownerOf(key) !== manifest.id) keys.push(key);
  }
  const [first] = await foundDamaged(store, manifest.target, keys, signal);
  return first;
}

/**
 * Of these objects of a target, those that a verification found damaged or missing, and none has found sound since.
 * @throws STORE_*
 */
export async function foundDamaged(
  store: Store,
  target: string,
  keys: Iterable<string>,
  signal?: AbortSignal,
): Promise<string[]> {
  const named = new Map<string, Set<string>>();
  for (const key of keys) {
    const owner = ownerOf(key);
    named.set(owner, (named.get(owner) ?? new Set()).add(key));
  }
  const found = new Set<string>();
  await eachBounded(named, AT_ONCE, async ([owner, wanted]) => {
    const failed = await failedProofs(store, target, owner, signal);
    const damaged = failed.flatMap((proof) => damagedKeys(proof, backupFolder(target, owner)));
    for (const key of damaged) if (wanted.has(key)) found.add(key);
  });
  return [...found];
}

/** Whose an object is: keys are `<target>/<backup>/data/…`. */
export function ownerOf(key: string): string {
  return key.split('/')[1] ?? '';
}

function damagedKeys({ damaged, findings }: Proof, folder: string): string[] {
  const told = (findings ?? []).filter(({ code }) => DAMAGE.includes(code));
  const paths = damaged ?? told.map(({ object }) => object);
  return paths.map((path) => (path.startsWith(folder) ? path : folder + path));
}

async function* keysOf(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const folder = backupFolder(manifest.target, manifest.id);
  for await (const line of readObjects(store, manifest, signal)) yield lineKey(folder, line);
  if (!manifest.delegated) return;
  try {
    const collected = await readCollected(store, manifest.target, manifest.id, signal);
    if (!collected) return;
    for await (const line of collectedObjects(store, manifest, collected, signal)) {
      yield lineKey(folder, line);
    }
  } catch (error) {
    // A copy that cannot be read is none, and then the database's own storage has the bytes.
    const codes = ['BACKUP_DAMAGED', 'BACKUP_FORMAT_NEWER'];
    if (!(error instanceof HoldfastError) || !codes.includes(error.code)) throw error;
  }
}
