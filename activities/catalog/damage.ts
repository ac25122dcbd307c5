import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { lineKey } from '../pipeline/line-key.ts';
import { collectedObjects, readCollected } from './collected.ts';
import { backupFolder } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { readObjects } from './objects.ts';
import { knownDamage } from './known-damage.ts';
import { deeplySound } from './proofs.ts';

const AT_ONCE = 8;

/**
 * An object that a backup names, and that was found damaged or missing when any backup was verified or restored that names
 * it too: such a find is kept beside the backup that owns the object. It counts no more once this one was verified deeply
 * itself, and that found nothing: the owner may not name the object any longer, and then never reads it again.
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
  const found = await foundDamaged(store, manifest.target, keys, signal);
  if (found.size === 0) return undefined;
  const sound = await deeplySound(store, manifest.target, manifest.id, signal);
  for (const [key, time] of found) if (sound === undefined || sound < time) return key;
  return undefined;
}

/**
 * Of these objects of a target, those that were found damaged or missing, and not sound since by a verification of the
 * backup that owns them.
 * @returns by their keys, each with the time when it was found so last
 * @throws STORE_*
 */
export async function foundDamaged(
  store: Store,
  target: string,
  keys: Iterable<string>,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await eachBounded(byOwner(target, keys), AT_ONCE, async ([owner, paths]) => {
    const known = await knownDamage(store, target, owner, signal);
    for (const path of known.size === 0 ? [] : paths) {
      const time = known.get(path);
      if (time !== undefined) found.set(backupFolder(target, owner) + path, time);
    }
  });
  return found;
}

/** Objects of a target by the backups that own them, as paths below their folders. */
export function byOwner(target: string, keys: Iterable<string>): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const key of keys) {
    const owner = ownerOf(key);
    const path = key.slice(backupFolder(target, owner).length);
    const paths = owners.get(owner);
    if (paths) paths.push(path);
    else owners.set(owner, [path]);
  }
  return owners;
}

/** Whose an object is: keys are `<target>/<backup>/data/…`. */
export function ownerOf(key: string): string {
  return key.split('/')[1] ?? '';
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
