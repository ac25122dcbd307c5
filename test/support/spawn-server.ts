import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerCommand {
  /** For messages: `influxd`. */
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Asked again and again until it answers true; a throw means not yet. */
  ready: () => Promise<boolean>;
  /** A loaded machine is slow: two minutes unless told. */
  readyWithinMs?: number;
}

export interface RunningServer extends AsyncDisposable {
  readonly pid: number;
  /** The last 64 KiB of what it printed. */
  output(): string;
  /** SIGTERM, then SIGKILL after ten seconds; returns when the process is gone. May be called twice. */
  stop(): Promise<void>;
  /** SIGKILL, as the kernel does when memory is short; returns when the process is gone. */
  kill(): Promise<void>;
}

const KEPT_OUTPUT = 64 * 1024;

/** Starts a server, waits until it is ready, and fails with what it printed when it is not. */
export async function spawnServer(what: ServerCommand): Promise<RunningServer> {
  const child = spawn(what.command, what.args, {
    cwd: what.cwd,
    env: { ...process.env, ...what.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => (output = (output + text).slice(-KEPT_OUTPUT)));
  }
  let failure: Error | undefined;
  child.on('error', (error) => (failure = error));
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const isGone = () =>
    failure !== undefined || child.exitCode !== null || child.signalCode !== null;

  // A test run that dies must not leave servers behind.
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  void gone.then(() => process.removeListener('exit', killAtExit));

  const end = async (signal: NodeJS.Signals) => {
    if (isGone()) return;
    child.kill(signal);
    const inTime = await Promise.race([gone.then(() => true), sleep(10_000, false)]);
    if (!inTime) {
      child.kill('SIGKILL');
      await gone;
    }
  };

  const deadline = Date.now() + (what.readyWithinMs ?? 120_000);
  for (;;) {
    if (isGone()) {
      const how = failure?.message ?? `exit code ${child.exitCode ?? child.signalCode}`;
      throw new Error(`${what.name} ended before it was ready (${how}).\n${output}`);
    }
    if (await what.ready().catch(() => false)) break;
    if (Date.now() > deadline) {
      await end('SIGKILL');
      throw new Error(`${what.name} was not ready in time.\n${output}`);
    }
    await sleep(50);
  }
  if (child.pid === undefined) await once(child, 'spawn');
  const stop = () => end('SIGTERM');
  return {
    pid: child.pid ?? 0,
    output: () => output,
    stop,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: stop,
  };
}
