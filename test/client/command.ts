import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { commandForNode } from '../support/command-bundle.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Every line of stdout, which must all be JSON. */
  objects: Record<string, unknown>[];
  /** The last of them: the result, or the error. */
  result: Record<string, unknown>;
}

export interface Running {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<Ran>;
}

export interface CommandOptions {
  env?: Record<string, string>;
  cwd?: string;
}

/** The real command, as a shell without a terminal starts it. */
export function start(args: string[], options: CommandOptions = {}): Running {
  const { PATH, HOME, HOLDFAST_TEMPORAL, HOLDFAST_HOST_ID } = process.env;
  const child = spawn(process.execPath, [...commandForNode(), ...args], {
    cwd: options.cwd ?? ROOT,
    env: {
      PATH,
      HOME,
      ...(HOLDFAST_TEMPORAL ? { HOLDFAST_TEMPORAL } : {}),
      ...(HOLDFAST_HOST_ID ? { HOLDFAST_HOST_ID } : {}),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      process.removeListener('exit', killAtExit);
      resolve({
        code,
        stdout,
        stderr,
        get objects() {
          return jsonLines(stdout);
        },
        get result() {
          return jsonLines(stdout).at(-1) ?? {};
        },
      });
    });
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => child.kill(signal),
    ended,
  };
}

/** Temporal is there; on a machine that has other things to do it may answer later than the command waits for it. */
export async function run(args: string[], options: CommandOptions = {}): Promise<Ran> {
  const isThere = options.env?.['TEMPORAL_ADDRESS'] === inject('temporalAddress');
  for (let tries = 1; ; tries++) {
    const ran = await start(args, options).ended;
    const unanswered = isThere && (ran.stdout + ran.stderr).includes('No Temporal server answers');
    if (!unanswered || tries === 3) return ran;
  }
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
