import { mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { filesBelow } from '../../../support/files-below.ts';
import type { ObjectStorage } from './storage.ts';

/** A folder, as `--object-store file` has it. */
export function directoryStorage(root: string): ObjectStorage {
  const pathOf = (key: string) => join(root, ...key.split('/'));
  return {
    place: root,
    async put(key, bytes) {
      await mkdir(dirname(pathOf(key)), { recursive: true });
      await writeFile(pathOf(key), bytes);
    },
    get: (key) => readFile(pathOf(key)).catch(() => undefined),
    async list(prefix) {
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      const found = [];
      for (const name of await filesBelow(pathOf(folder))) {
        if (basename(name).startsWith('.')) continue;
        const key = folder + name;
        const size = (await stat(pathOf(key)).catch(() => undefined))?.size;
        if (key.startsWith(prefix) && size !== undefined) found.push({ key, bytes: size });
      }
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async remove(keys) {
      for (const key of keys) {
        await rm(pathOf(key), { force: true });
        await removeEmpty(root, dirname(pathOf(key)));
      }
    },
    close: () => undefined,
  };
}

async function removeEmpty(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== root && at.startsWith(root); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}
