import { randomBytes } from 'node:crypto';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HoldfastError } from '../../activities/failure.ts';

/**
 * Writes a file that is whole or not there: under a name of its own beside it (mode 0600), synced, and given its name
 * when the source has ended well. Only with `force` does it take the place of another.
 * @throws DESTINATION_EXISTS, INPUT_INVALID where no file can be, SPOOL_FULL, and what the source throws
 */
export async function writeWholeFile(
  path: string,
  source: AsyncIterable<Uint8Array>,
  { force }: { force: boolean },
): Promise<void> {
  if (!force) await refuseExisting(path);
  const aside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`);
  try {
    await fill(aside, source);
    if (force) await translated(path, rename(aside, path));
    else await appear(aside, path);
    await syncFolder(dirname(path));
  } finally {
    await rm(aside, { force: true });
  }
}

/** @throws DESTINATION_EXISTS */
export async function refuseExisting(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there) throw exists(path);
}

async function fill(aside: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await translated(aside, open(aside, 'wx', 0o600));
  try {
    for await (const chunk of source) await translated(aside, file.write(chunk).then(whole(chunk)));
    await translated(aside, file.sync());
  } finally {
    await file.close();
  }
}

/** A disk that is full takes a part of what it is given, and says so only when asked for more. */
function whole(chunk: Uint8Array) {
  return ({ bytesWritten }: { bytesWritten: number }) => {
    if (bytesWritten === chunk.length) return;
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };
}

/** A link does not replace what appeared meanwhile; some file systems have none. */
async function appear(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') throw exists(path);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw failure(path, error);
    await refuseExisting(path);
    await translated(path, rename(aside, path));
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  // Not every file system can; the file itself is safe.
  await handle.sync().catch(() => undefined);
  await handle.close();
}

async function translated<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw failure(path, error);
  }
}

function failure(path: string, error: unknown): HoldfastError {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HoldfastError('SPOOL_FULL', `There is no room for ${path}.`, {
      cause: error,
      hint: 'Make room, or write it elsewhere.',
    });
  }
  return new HoldfastError('INPUT_INVALID', `${path} cannot be written (${code ?? 'unknown'}).`, {
    cause: error,
    hint: 'Name a file in a folder that is there and may be written to.',
  });
}

function exists(path: string): HoldfastError {
  return new HoldfastError('DESTINATION_EXISTS', `${path} is there already; it was not changed.`, {
    hint: 'Name another file, or replace this one with --force.',
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
