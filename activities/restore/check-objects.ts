import { backupFolder, DATA } from '../catalog/layout.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import { lineKey } from '../pipeline/line-key.ts';
import type { Store } from '../stores/store.ts';

const AT_ONCE = 16;

/** What a manifest, or the list of a copy, names. */
interface Named {
  manifest: Manifest;
  objects(): AsyncIterable<ObjectLine> | Iterable<ObjectLine>;
  /** Told of what is missing, or cut short. */
  doubt?(lines: ObjectLine[]): void;
}

/**
 * Every object of the backup is there with its size, and can be read: better known before anything is changed.
 * @throws BACKUP_DAMAGED, OBJECT_ARCHIVED
 */
export async function checkObjects(store: Store, named: Named, signal: AbortSignal): Promise<void> {
  const { manifest } = named;
  const folder = backupFolder(manifest.target, manifest.id);
  const wanted = new Map<string, ObjectLine>();
  const folders = new Set<string>();
  for await (const line of named.objects()) {
    const key = lineKey(folder, line);
    wanted.set(key, line);
    folders.add(dataFolder(key));
  }
  for (const each of folders) {
    for await (const { key, bytes, archived } of store.list(each, { signal })) {
      if (wanted.get(key)?.bytes === bytes && !archived) wanted.delete(key);
    }
  }
  await eachBounded(wanted, AT_ONCE, async ([key, line]) => {
    const expected = line.bytes;
    const there = await store.head(key, { signal });
    if (there?.bytes === expected && !there.archived) return;
    if (there?.bytes === expected) {
      throw new HoldfastError(
        'OBJECT_ARCHIVED',
        `Backup ${manifest.id} of ${manifest.target} cannot be restored now: ${key} is archived, and store ` +
          `${store.name} does not serve it before it is brought back.`,
      );
    }
    named.doubt?.([line]);
    const what = there ? `has ${there.bytes} bytes instead of ${expected}` : 'is missing';
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `Backup ${manifest.id} of ${manifest.target} is damaged: ${key} ${what} in store ${store.name}.`,
    );
  });
}

/** Of the backup that wrote it: `metrics/<id>/data/`. */
function dataFolder(key: string): string {
  const [target, id] = key.split('/');
  return `${target}/${id}/${DATA}`;
}
