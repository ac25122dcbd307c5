import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { filesBelow } from '../../../support/files-below.ts';
import { type BackupStorage, type Place, StorageFault } from './storage.ts';

/** A folder of the machine; told as any backend that a test wants. */
export function directoryStorage(root: string, backend = 'filesystem'): BackupStorage {
  return {
    backend,
    about: { backupsPath: root },
    place: (_, path) => placeIn(path === undefined || path === '' ? root : path),
    close: () => undefined,
  };
}

function placeIn(root: string): Place {
  const file = (key: string) => join(root, key);
  return {
    home: root,
    async put(key, bytes) {
      await mkdir(dirname(file(key)), { recursive: true });
      await writeWhole(file(key), bytes);
    },
    get: (key) => absentIsUndefined(readFile(file(key))),
    remove: (key) => rm(file(key), { force: true }),
    async list(prefix) {
      const keys = await absentIsUndefined(filesBelow(root));
      return (keys ?? []).filter((key) => key.startsWith(prefix));
    },
  };
}

/** Nobody sees half of it, as in a bucket. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weaviate-simulator-'));
  try {
    await writeFile(join(folder, 'object'), bytes);
    await rename(join(folder, 'object'), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await writeFile(path, bytes);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function absentIsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StorageFault(error instanceof Error ? error.message : String(error));
  }
}
