import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/**
 * Runs a command, its output thrown away, and tells what the kernel charges it: user and system time in seconds.
 * @param input what it reads; default nothing
 */
export async function cpuOf(command: string[], input?: Readable): Promise<number> {
  const child = spawn(
    'bash',
    ['-c', 'TIMEFORMAT="%U %S"; time "$@" >/dev/null', 'cpu', ...command],
    {
      stdio: [input ?? 'ignore', 'ignore', 'pipe'],
    },
  );
  const told = await text(child.stderr);
  await ended(child, command);
  const [, user, system] = /^([\d.]+) ([\d.]+)$/m.exec(told) ?? [];
  if (user === undefined) throw new Error(`${command.join(' ')} was not measured: ${told}`);
  return Number(user) + Number(system);
}

/** Starts what feeds another command. */
export function startFeeding(
  command: string,
  args: string[],
): { output: Readable; ended: Promise<void> } {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return { output: child.stdout, ended: ended(child, [command]) };
}

async function ended(child: ChildProcess, command: string[]): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error(`${command.join(' ')} failed (${child.exitCode}).`);
}
