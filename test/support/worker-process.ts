import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BadDisk } from './bad-disk.ts';
import type { Step } from './death-wish.ts';
import type { WorkerProgram } from './worker-program.ts';

/** What a worker process is told at its start. */
export interface WorkerOrders {
  address: string;
  namespace: string;
  configPath: string;
  spoolRoot: string;
  workflows: string;
  dieAt?: Step[];
  freezeAt?: Step[];
  logLevel?: 'WARN' | 'DEBUG' | 'TRACE';
  /** Of requests to object stores. */
  stallMs?: number;
  /** From where on a store copies an object in parts by itself. */
  copy?: { wholeBytes: number; partBytes: number };
  badDisk?: BadDisk;
  /** To stand in for another host. */
  hostId?: string;
}

export interface WorkerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Settles when the process is gone: at which step it died, or undefined when nobody ordered it. */
  readonly gone: Promise<Step | undefined>;
  /** Settles when it stopped at a step of `freezeAt`. */
  readonly frozen: Promise<Step>;
  /** Everything that it printed. */
  output(): string;
  /** Stops it, as an operator does. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** SIGSTOP: it hears and says nothing until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** A process that has loaded its program, and waits for orders. */
export interface WaitingWorker {
  /** Returns when it polls. */
  start(orders: WorkerOrders): Promise<WorkerProcess>;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Loads a worker in a process of its own: a spare one stands ready when the one before it dies. */
export function loadWorkerProcess(program: WorkerProgram): WaitingWorker {
  const child = spawn(process.execPath, [program.entry], { stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  let diedAt: Step | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const gone = once(child, 'close').then(() => {
    running.delete(child);
    return diedAt;
  });
  let froze: (step: Step) => void;
  const frozen = new Promise<Step>((resolve) => (froze = resolve));
  const ready = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      if (line === 'ready') resolve(true);
      if (line.startsWith('died ')) diedAt = line.slice('died '.length) as Step;
      if (line.startsWith('froze ')) froze(line.slice('froze '.length) as Step);
    });
    void gone.then(() => resolve(false));
  });
  child.stdin.on('error', () => undefined);
  const end = async (signal: NodeJS.Signals) => {
    child.kill('SIGCONT');
    child.kill(signal);
    await gone;
  };
  const kill = () => end('SIGKILL');
  return {
    kill,
    start: async (orders) => {
      child.stdin.write(`${JSON.stringify(orders)}\n`);
      if (!(await ready)) throw new Error(`The worker ended before it was ready.\n${output}`);
      return {
        pid: child.pid ?? 0,
        gone,
        frozen,
        output: () => output,
        stop: () => end('SIGTERM'),
        kill,
        freeze: () => void child.kill('SIGSTOP'),
        thaw: () => void child.kill('SIGCONT'),
        [Symbol.asyncDispose]: kill,
      };
    },
  };
}
