import type { Notebook } from '../product.ts';

/** What is known of one request for a backup, so that a later attempt goes on with it instead of making another. */
export interface RequestNotes {
  /** The id of its task, and when it was requested, in milliseconds. */
  readonly task: Entry<{ id: string; since: number }>;
  readonly ended: Entry<{ succeeded: boolean; result: string }>;
  /** Its file was there. */
  readonly seen: Entry<{ seen: true }>;
  /** Its file is not what it should be, or not there any more: another request must be made. */
  readonly spent: Entry<{
    spent: true;
    /** What was wrong with it. Absent: another backup had replaced it. */
    fault?: string;
  }>;
}

interface Entry<T extends Record<string, string | number | boolean>> {
  recall(): Promise<T | undefined>;
  /** @returns what counts */
  remember(note: T): Promise<T>;
}

/** @param number from 1 */
export function requestNotes(notes: Notebook, number: number): RequestNotes {
  const entry = <T extends Record<string, string | number | boolean>>(name: string): Entry<T> => ({
    recall: async () => (await notes.recall(`${name}-${number}`)) as T | undefined,
    remember: async (note) => (await notes.remember(`${name}-${number}`, note)) as T,
  });
  return {
    task: entry('task'),
    ended: entry('ended'),
    seen: entry('seen'),
    spent: entry('spent'),
  };
}
