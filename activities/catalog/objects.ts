import type { Store } from '../stores/store.ts';
import { backupFolder, OBJECTS } from './layout.ts';
import { objectLineSchema, type Manifest, type ObjectLine } from './manifest.ts';
import { readList, writeList } from './object-list.ts';

export function writeObjects(
  store: Store,
  folder: string,
  lines: ObjectLine[],
  signal?: AbortSignal,
): Promise<Manifest['objects']> {
  return writeList(store, folder, OBJECTS, lines, signal);
}

/** The objects of a backup, in the manifest's order. @throws BACKUP_DAMAGED */
export function readObjects(
  store: Store,
  { target, id, objects }: Manifest,
  signal?: AbortSignal,
): AsyncGenerator<ObjectLine> {
  return readList(store, backupFolder(target, id), objects, objectLineSchema, signal);
}
