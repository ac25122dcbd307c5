import { link, mkdir, open, rm, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FILE_MODE, FOLDER_MODE, temporaryFor } from './layout.ts';
import { errnoOf } from './failure.ts';

/** A file under a temporary name beside the place where it is to appear. */
export interface TemporaryFile {
  path: string;
  handle: FileHandle;
}

export async function openTemporary(root: string, path: string): Promise<TemporaryFile> {
  for (let tries = 0; ; tries++) {
    const temporary = temporaryFor(path);
    try {
      return { path: temporary, handle: await open(temporary, 'wx', FILE_MODE) };
    } catch (error) {
      // Somebody who removed the last object of the folder may have removed the folder in between.
      if (errnoOf(error) !== 'ENOENT' || tries === 5) throw error;
      await makeFolder(root, dirname(path));
    }
  }
}

/**
 * Makes a written file appear under its name: bytes first, then the name, then the folder that holds the name. A link
 * fails when the name is taken, where a rename would replace silently.
 */
export async function publish(temporary: TemporaryFile, path: string): Promise<void> {
  await temporary.handle.sync();
  await temporary.handle.close();
  await link(temporary.path, path);
  await unlink(temporary.path);
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
async function makeFolder(root: string, path: string): Promise<void> {
  if (path === root) return;
  if ((await tryToMake(path)) === 'no parent') {
    await makeFolder(root, dirname(path));
    // Still without a parent, when somebody just removed it, or the root: the caller's next try finds out which.
    await tryToMake(path);
  }
}

async function tryToMake(path: string): Promise<'there' | 'no parent'> {
  try {
    await mkdir(path, FOLDER_MODE);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return 'there';
    if (errnoOf(error) === 'ENOENT') return 'no parent';
    throw error;
  }
  await syncFolder(dirname(path));
  return 'there';
}
