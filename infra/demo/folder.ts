import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HoldfastError } from '../../activities/failure.ts';

/** The demo's folder below the current one, emptied of what an earlier demo left to look at. */
export async function demoFolder(): Promise<string> {
  const folder = resolve('.holdfast', 'demo');
  const pidFile = join(folder, 'pid');
  const other = Number(await readFile(pidFile, 'utf8').catch(() => '0'));
  if (other > 0 && isAlive(other)) {
    throw new HoldfastError('INPUT_INVALID', `A demo is running here already (process ${other}).`, {
      hint: 'End it with Ctrl-C first.',
    });
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(pidFile, String(process.pid));
  return folder;
}

/** What the demo made stays; only the mark that it runs goes. */
export async function leaveFolder(folder: string): Promise<void> {
  await rm(join(folder, 'pid'), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
