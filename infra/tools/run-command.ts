import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Absent when it could not be started or was ended by a signal. */
  exitCode: number | undefined;
  /** Both streams together, the last 16 KiB. */
  output: string;
}

const KEPT_OUTPUT = 16 * 1024;

/** Runs a program to its end. Never throws: what went wrong is in the result. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    let output = '';
    const keep = (text: string) => (output = (output + text).slice(-KEPT_OUTPUT));
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => resolve({ exitCode: undefined, output: error.message }));
    child.on('close', (code) => resolve({ exitCode: code ?? undefined, output }));
  });
}
