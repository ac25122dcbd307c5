import type { Note, Notebook } from '../products/product.ts';
import type { Store } from '../stores/store.ts';
import { firstOf, readIfThere } from './json.ts';
import { WORK } from './layout.ts';

/** Kept in the backup's work, which goes when it is committed or given up. One small object for each key. */
export function openNotebook(store: Store, backupFolder: string, signal: AbortSignal): Notebook {
  const keyOf = (key: string) => `${backupFolder}${WORK}notes/${key}.json`;
  return {
    recall: async (key) => (await readIfThere(store, keyOf(key), signal)) as Note | undefined,
    remember: (key, note) => firstOf(store, keyOf(key), note, signal),
  };
}

/** For what is done in one attempt. */
export function notebookInMemory(): Notebook {
  const notes = new Map<string, Note>();
  return {
    recall: (key) => Promise.resolve(notes.get(key)),
    remember: (key, note) => {
      const counts = notes.get(key) ?? note;
      notes.set(key, counts);
      return Promise.resolve(counts);
    },
  };
}
