import { stat, unlink } from 'node:fs/promises';
import { errnoOf } from './failure.ts';

/** @returns whether the name is gone now because of us */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EISDIR') return false;
    // Linux answers EISDIR to the unlink of a folder, others EPERM.
    if (errno === 'EPERM' && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}
