import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { HoldfastError } from '../../activities/failure.ts';

const pairSchema = z.object({ dev: z.number().int(), temporal: z.number().int() });

const PATIENCE_MS = 10_000;
/** What not even SIGKILL ends, nobody ends; whether it holds the ports is seen by whoever wants them. */
const AFTER_KILL_MS = 5_000;

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
 * @throws INPUT_INVALID when that `holdfast dev` is at work: two servers on one database would undo each other's
 */
export async function endOrphan(file: string, database: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const pids = pairSchema.safeParse(safely(text));
  if (!pids.success) return false;
  const { dev, temporal } = pids.data;
  if (!(await isAlive(temporal)) || !(await commandLine(temporal)).includes(database)) return false;
  if (await isAlive(dev)) throw inUse(database, dev);
  send(temporal, 'SIGTERM');
  if (await endsWithin(temporal, PATIENCE_MS)) return true;
  send(temporal, 'SIGKILL');
  await endsWithin(temporal, AFTER_KILL_MS);
  return true;
}

function inUse(database: string, dev: number): HoldfastError {
  return new HoldfastError(
    'INPUT_INVALID',
    `Another \`holdfast dev\` (process ${dev}) is at work with ${database}.`,
    {
      hint: 'Stop that one, or have this one remember elsewhere with --state, and listen elsewhere with --port and --ui-port.',
    },
  );
}

async function endsWithin(pid: number, ms: number): Promise<boolean> {
  const until = Date.now() + ms;
  while (await isAlive(pid)) {
    if (Date.now() > until) return false;
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

async function isAlive(pid: number): Promise<boolean> {
  return send(pid, 0) && !(await isZombie(pid));
}

/** Whether there is such a process, and it is ours. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Ended, and still listed because its parent never asks: as in containers whose first process reaps nobody. */
async function isZombie(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name before the state may hold anything, brackets too.
  return stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

async function commandLine(pid: number): Promise<string> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (words !== undefined) return words.replaceAll('\0', ' ');
  try {
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'args=']);
    return stdout;
  } catch {
    return '';
  }
}
