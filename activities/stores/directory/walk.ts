import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { eachBounded } from '../../each-bounded.ts';
import { compareKeys } from '../keys.ts';
import type { Answered } from './answers.ts';
import { errnoOf } from './failure.ts';
import { isOwnFile } from './layout.ts';

export interface WalkedFile {
  key: string;
  path: string;
}

interface Walk {
  root: string;
  prefix: string;
  which: 'objects' | 'own';
  answered: Answered;
  signal?: AbortSignal | undefined;
}

/** Every file below the root whose key begins with the prefix, in key order, with the store's own files or without. */
export async function* walk(wanted: Walk): AsyncIterable<WalkedFile> {
  const cut = wanted.prefix.lastIndexOf('/') + 1;
  yield* below(wanted, wanted.prefix.slice(0, cut));
}

async function* below(wanted: Walk, folder: string): AsyncIterable<WalkedFile> {
  const { root, prefix, which, answered, signal } = wanted;
  for (const name of await namesIn(join(root, folder), answered)) {
    signal?.throwIfAborted();
    const key = folder + name;
    const relevant = key.startsWith(prefix) || (name.endsWith('/') && prefix.startsWith(key));
    if (name.endsWith('/')) {
      if (relevant) yield* below(wanted, key);
    } else if (isOwnFile(name) ? which === 'own' : which === 'objects' && relevant) {
      yield { key, path: join(root, key) };
    }
  }
}

/** The names in a folder, those of folders with a `/`, in the order of the keys that they begin. */
export async function namesIn(path: string, answered: Answered): Promise<string[]> {
  const names: string[] = [];
  for (const { name, kind } of await entriesIn(path, answered)) {
    if (kind.isDirectory()) names.push(`${name}/`);
    else if (kind.isFile()) names.push(name);
  }
  return names.sort(compareKeys);
}

interface Entry {
  name: string;
  kind: { isDirectory(): boolean; isFile(): boolean };
}

async function entriesIn(path: string, answered: Answered): Promise<Entry[]> {
  const entries = await unlessGone(answered(() => readdir(path, { withFileTypes: true })));
  if (entries) return entries.map((entry) => ({ name: entry.name, kind: entry }));
  // Some file systems tell no types with the names. Then Node looks at each entry, and fails as if the folder were not
  // there when one has gone meanwhile: only the names alone tell whether it is.
  const found: Entry[] = [];
  const names = await unlessGone(answered(() => readdir(path)));
  await eachBounded(names ?? [], LOOKS_AT_ONCE, async (name) => {
    const kind = await unlessGone(answered(() => lstat(join(path, name))));
    if (kind) found.push({ name, kind });
  });
  return found;
}

const LOOKS_AT_ONCE = 16;

export async function fileAt(path: string): Promise<Stats | undefined> {
  const found = await unlessGone(stat(path));
  return found?.isFile() ? found : undefined;
}

async function unlessGone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
