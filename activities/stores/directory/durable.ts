import { link, mkdir, open, rename, rm, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { grant, PRIVATE, type Access } from './access.ts';
import { errnoOf } from './failure.ts';
import { temporaryFor } from './layout.ts';

/** A file under a temporary name beside the place where it is to appear. */
export interface TemporaryFile {
  path: string;
  handle: FileHandle;
}

export async function openTemporary(
  root: string,
  path: string,
  access: Access = PRIVATE,
): Promise<TemporaryFile> {
  for (let tries = 0; ; tries++) {
    const temporary = temporaryFor(path);
    try {
      const handle = await open(temporary, 'wx', access.fileMode);
      await granted(handle, access, path, () => rm(temporary));
      return { path: temporary, handle };
    } catch (error) {
      // Somebody who removed the last object of the folder may have removed the folder in between.
      if (errnoOf(error) !== 'ENOENT' || tries === 5) throw error;
      await makeFolder(root, dirname(path), access);
    }
  }
}

/**
 * Makes a file, whose bytes are on the disk, appear under its name: first the name, then the folder that holds the name. A
 * link fails when the name is taken, where a rename would replace silently.
 */
export async function publish(temporary: TemporaryFile, path: string): Promise<void> {
  await temporary.handle.close();
  await link(temporary.path, path).catch((error: unknown) => {
    // So Linux answers for FAT and exFAT, where this very folder has just taken a file.
    throw errnoOf(error) === 'EPERM'
      ? Object.assign(new Error(NO_LINKS), { code: NO_LINKS })
      : error;
  });
  await unlink(temporary.path);
  await syncFolder(dirname(path));
}

const NO_LINKS = 'ENOTSUP';

/** The same for a name that may be taken. */
export async function replace(temporary: TemporaryFile, path: string): Promise<void> {
  await temporary.handle.close();
  await rename(temporary.path, path);
  await syncFolder(dirname(path));
}

export async function discard(temporary: TemporaryFile): Promise<void> {
  await temporary.handle.close().catch(() => undefined);
  await rm(temporary.path, { force: true });
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Creates folders below the root, never the root itself: a missing root may be a disk that is not mounted. */
async function makeFolder(root: string, path: string, access: Access): Promise<void> {
  if (path === root) return;
  if ((await tryToMake(path, access)) === 'no parent') {
    await makeFolder(root, dirname(path), access);
    // Still without a parent, when somebody just removed it, or the root: the caller's next try finds out which.
    await tryToMake(path, access);
  }
}

async function tryToMake(path: string, access: Access): Promise<'there' | 'no parent'> {
  try {
    await mkdir(path, access.folderMode);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return 'there';
    if (errnoOf(error) === 'ENOENT') return 'no parent';
    throw error;
  }
  if (access.owner ?? access.heir) {
    const folder = await open(path, 'r');
    await granted(folder, access, path, () => rmdir(path));
    await folder.close();
  }
  await syncFolder(dirname(path));
  return 'there';
}

/** What its users could not use is not left behind. */
async function granted(
  handle: FileHandle,
  access: Access,
  path: string,
  remove: () => Promise<void>,
): Promise<void> {
  try {
    await grant(handle, access, path);
  } catch (error) {
    await handle.close();
    await remove().catch(() => undefined);
    throw error;
  }
}
