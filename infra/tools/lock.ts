import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 2_000;
const DEAD_AFTER_MS = 15_000;

/**
 * Runs `work` while no other process runs it under the same lock file. The holder keeps touching the file, so that one
 * that crashed holds the others up for 15 seconds only. The lock saves work and is no more than that: in the worst
 * case two processes build the same thing, and `intoCache` makes that harmless.
 */
export async function withLock<T>(
  path: string,
  options: { onWait?: () => void; beatMs?: number; deadAfterMs?: number },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  await take(path, options.deadAfterMs ?? DEAD_AFTER_MS, options.onWait);
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, options.beatMs ?? BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(path, { force: true });
  }
}

async function take(path: string, deadAfterMs: number, onWait?: () => void): Promise<void> {
  let told = false;
  while (!(await create(path))) {
    const lastBeat = await stat(path).then(
      (found) => found.mtimeMs,
      () => undefined,
    );
    if (lastBeat === undefined) continue;
    if (Date.now() - lastBeat > deadAfterMs) {
      await remove(path);
      continue;
    }
    if (!told) onWait?.();
    told = true;
    await sleep(250);
  }
}

async function create(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** By a rename first, so that of several who find the holder dead one only removes the file. */
async function remove(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.dead`;
  await rename(path, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
