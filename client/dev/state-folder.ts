import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../../activities/failure.ts';

const DATABASE = /^temporal-(\d[\w.]*)\.db$/;

/** Where `holdfast dev` keeps what Temporal remembers, one database for each version of the server. */
export interface DevState {
  folder: string;
  database: string;
  log: string;
  pids: string;
  /** The databases of other versions: kept, never read. */
  others: { path: string; version: string }[];
  /** It begins empty after those of other versions, and its schedules have not been applied to their end. */
  unapplied: boolean;
}

export function stateFolder(wished: string | undefined, env = process.env): string {
  if (wished) return resolve(wished);
  return env['XDG_STATE_HOME'] ? join(env['XDG_STATE_HOME'], 'holdfast') : resolve('.holdfast');
}

/**
 * Does what reads and writes the folder.
 * @throws TEMPORAL_UNREACHABLE when the folder is full, another user's, or of a read-only disk; what `work` throws
 */
export async function usingFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new HoldfastError(
      'TEMPORAL_UNREACHABLE',
      `Temporal cannot be started, since its folder ${folder} cannot be used: ${error.message}.`,
      {
        cause: error,
        hint: 'Make room there, give the folder to this user (`chown -R`), or choose another one with --state.',
      },
    );
  }
}

/**
 * The server makes its schema only in a new file and never migrates one: hence one file for each version. The new file
 * is there at once, so that it cannot tell whether its schedules are: that is marked before it is made.
 */
export async function openState(folder: string, serverVersion: string): Promise<DevState> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = await readdir(folder);
  const versions = names
    .map((name) => DATABASE.exec(name)?.[1])
    .filter((version) => version !== undefined);
  const pathOf = (version: string) => join(folder, `temporal-${version}.db`);
  const mark = markOf(serverVersion);
  const fresh = versions.length > 0 && !versions.includes(serverVersion);
  if (fresh) await writeFile(join(folder, mark), '');
  return {
    folder,
    database: pathOf(serverVersion),
    log: join(folder, 'temporal.log'),
    pids: join(folder, 'temporal.pid'),
    others: versions
      .filter((version) => version !== serverVersion)
      .map((version) => ({ version, path: pathOf(version) })),
    unapplied: fresh || names.includes(mark),
  };
}

/** To be called when every schedule has been applied. */
export async function markApplied(folder: string, serverVersion: string): Promise<void> {
  await rm(join(folder, markOf(serverVersion)), { force: true });
}

function markOf(serverVersion: string): string {
  return `temporal-${serverVersion}.unapplied`;
}
