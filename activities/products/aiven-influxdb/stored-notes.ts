import type { ObjectLine } from '../../catalog/manifest.ts';
import type { Notebook } from '../product.ts';

/** What files of the tar became in the store, by their names in it. */
export interface StoredNotes {
  recall(name: string): Promise<ObjectLine[] | undefined>;
  /** Never fails: a note only spares the next attempt some reading. */
  remember(name: string, lines: ObjectLine[]): Promise<void>;
}

export function storedNotes(notes: Notebook): StoredNotes {
  const keyOf = (name: string) => `stored-${name}`;
  return {
    recall: async (name) => {
      const lines = (await notes.recall(keyOf(name)))?.['lines'];
      return typeof lines === 'string' ? (JSON.parse(lines) as ObjectLine[]) : undefined;
    },
    remember: async (name, lines) => {
      await notes.remember(keyOf(name), { lines: JSON.stringify(lines) }).catch(() => undefined);
    },
  };
}
