import { mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
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
      const entries = await readdir(pathOf(folder), {
        recursive: true,
        withFileTypes: true,
      }).catch(() => []);
      const found = [];
      for (const entry of entries) {
        if (!entry.isFile() || entry.name.startsWith('.')) continue;
        const path = join(entry.parentPath, entry.name);
        const key = relative(root, path).split(sep).join('/');
        const size = (await stat(path).catch(() => undefined))?.size;
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
