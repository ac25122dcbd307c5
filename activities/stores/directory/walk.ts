import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareKeys } from '../keys.ts';
import { errnoOf } from './failure.ts';
import { isOwnFile } from './layout.ts';

export interface WalkedFile {
  key: string;
  path: string;
}

/** Every file below the root whose key begins with the prefix, in key order, with the store's own files or without. */
export async function* walk(
  root: string,
  prefix: string,
  which: 'objects' | 'own',
  signal?: AbortSignal,
): AsyncIterable<WalkedFile> {
  const cut = prefix.lastIndexOf('/') + 1;
  yield* below(root, prefix.slice(0, cut), prefix, which, signal);
}

async function* below(
  root: string,
  folder: string,
  prefix: string,
  which: 'objects' | 'own',
  signal?: AbortSignal,
): AsyncIterable<WalkedFile> {
  for (const name of await namesIn(join(root, folder))) {
    signal?.throwIfAborted();
    const key = folder + name;
    const relevant = key.startsWith(prefix) || (name.endsWith('/') && prefix.startsWith(key));
    if (name.endsWith('/')) {
      if (relevant) yield* below(root, key, prefix, which, signal);
    } else if (isOwnFile(name) ? which === 'own' : which === 'objects' && relevant) {
      yield { key, path: join(root, key) };
    }
  }
}

/** The names in a folder, those of folders with a `/`, in the order of the keys that they begin. */
export async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(path, { bufferSize: 512 })) {
      if (entry.isDirectory()) names.push(`${entry.name}/`);
      else if (entry.isFile()) names.push(entry.name);
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
  }
  return names.sort(compareKeys);
}

export async function fileAt(
  path: string,
): Promise<{ bytes: number; modifiedAt: Date } | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? { bytes: found.size, modifiedAt: found.mtime } : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
