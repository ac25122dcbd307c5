import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Dependencies } from './dependencies.ts';
import { spoolFailure } from './spool-failure.ts';

/** In use by this process. */
const own = new Set<string>();

/**
 * Works with a folder of this attempt's own, for what cannot be streamed. It is removed at the end; what a worker that
 * died here left behind, which may hold credentials, goes at the next beginning.
 * @throws SPOOL_FULL
 */
export async function withSpool<T>(
  deps: Pick<Dependencies, 'spoolRoot'>,
  body: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await makeFolder(deps.spoolRoot).catch((error: unknown) => {
    throw spoolFailure(error, deps.spoolRoot);
  });
  own.add(folder);
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    own.delete(folder);
  }
}

async function makeFolder(root: string): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  await removeLeftovers(root);
  return mkdtemp(join(root, `attempt-${machine()}-${process.pid}-`));
}

async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const [, where, pid] = /^attempt-([0-9a-f]+)-(\d+)-/.exec(name) ?? [];
    const folder = join(root, name);
    if (where !== machine() || own.has(folder) || isAlive(Number(pid))) continue;
    await rm(folder, { recursive: true, force: true });
  }
}

/** Another process. One with our own number, whose folder is not ours, died: numbers come again in containers. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

let known: string | undefined;

/** Tells apart those who count processes separately and may share a disk: hosts, and containers on one host. */
function machine(): string {
  known ??= createHash('sha256').update(`${hostname()} ${countingOf()}`).digest('hex').slice(0, 8);
  return known;
}

function countingOf(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
