import type { Store } from '../stores/store.ts';
import { readJson, toJson } from './json.ts';

/**
 * A plan lies in the store in pages, so that no list of any length passes through Temporal and an activity reads only
 * its own page. Each attempt to plan has a folder of pages of its own; the document that is written last names the
 * folder that counts.
 */
export function pageName(page: number): string {
  return `page-${String(page).padStart(4, '0')}.json`;
}

/** @returns the length of each page */
export async function writePages<T>(
  store: Store,
  folder: string,
  pages: Iterable<T[]>,
  signal?: AbortSignal,
): Promise<number[]> {
  const lengths: number[] = [];
  for (const page of pages) {
    await store.put(folder + pageName(lengths.length), toJson(page), { signal });
    lengths.push(page.length);
  }
  return lengths;
}

export async function readPage<T>(
  store: Store,
  folder: string,
  page: number,
  signal?: AbortSignal,
): Promise<T[]> {
  return (await readJson(store, folder + pageName(page), signal)) as T[];
}
