import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Step } from './death-wish.ts';

/** What a worker process is told at its start. */
export interface WorkerOrders {
  address: string;
  namespace: string;
  configPath: string;
  spoolRoot: string;
  bundlePath: string;
  dieAt?: Step[];
  logLevel?: 'WARN' | 'DEBUG' | 'TRACE';
  /** Of requests to object stores. */
  stallMs?: number;
  /** To stand in for another host. */
  hostId?: string;
}

export interface WorkerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Settles when the process is gone: at which step it died, or undefined when nobody ordered it. */
  readonly gone: Promise<Step | undefined>;
  /** Everything that it printed. */
  output(): string;
  /** Stops it, as an operator does. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** SIGSTOP: it hears and says nothing until `thaw`. */
  freeze(): void;
  thaw(): void;
}

const ENTRY = fileURLToPath(new URL('worker-child.ts', import.meta.url));

/** Starts a worker in a process of its own; returns when it polls. */
export async function startWorkerProcess(orders: WorkerOrders): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', ENTRY], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  let output = '';
  let diedAt: Step | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const gone = once(child, 'close').then(() => {
    process.removeListener('exit', killAtExit);
    return diedAt;
  });
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      if (line === 'ready') resolve();
      if (line.startsWith('died ')) diedAt = line.slice('died '.length) as Step;
    });
    void gone.then(() => reject(new Error(`The worker ended before it was ready.\n${output}`)));
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(orders)}\n`);
  await ready;

  const end = async (signal: NodeJS.Signals) => {
    child.kill('SIGCONT');
    child.kill(signal);
    await gone;
  };
  return {
    pid: child.pid ?? 0,
    gone,
    output: () => output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}
