import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';

const pairSchema = z.object({ dev: z.number().int(), temporal: z.number().int() });

const PATIENCE_MS = 10_000;

/** Remembers whose Temporal it is, so that the next start can end one that outlived a killed `holdfast dev`. */
export async function rememberPids(file: string, temporal: number): Promise<void> {
  await writeFile(file, `${JSON.stringify({ dev: process.pid, temporal })}\n`);
}

export async function forgetPids(file: string): Promise<void> {
  await rm(file, { force: true });
}

/**
 * Ends the Temporal of an earlier `holdfast dev` that was killed: it would hold the database and the ports. Only a
 * process that still has this very database on its command line is taken for it.
 * @returns whether there was one
 */
export async function endOrphan(file: string, database: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const pids = pairSchema.safeParse(safely(text));
  if (!pids.success || isAlive(pids.data.dev)) return false;
  const { temporal } = pids.data;
  if (!isAlive(temporal) || !(await commandLine(temporal)).includes(database)) return false;
  process.kill(temporal, 'SIGTERM');
  const until = Date.now() + PATIENCE_MS;
  while (isAlive(temporal)) {
    if (Date.now() > until) process.kill(temporal, 'SIGKILL');
    await sleep(50);
  }
  return true;
}

function safely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function commandLine(pid: number): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'args=']);
    return stdout;
  } catch {
    return '';
  }
}
