import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openConnection } from '../temporal/open-connection.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { runCommand } from '../../infra/tools/run-command.ts';
import { endOrphan, forgetPids, rememberPids } from './orphan.ts';

export interface EmbeddedTemporal {
  address: string;
  ui: string;
  /** Aborted when the server ended by itself. */
  gone: AbortSignal;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;
const HOST = '127.0.0.1';
const REMEMBERED_S = 30 * 24 * 3_600;

/** The version of the server inside, such as `1.29.1`. */
export async function serverVersion(executable: string): Promise<string> {
  const { output } = await runCommand(executable, ['--version']);
  return /Server v?(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? '0';
}

/**
 * Starts Temporal with a database file and its UI on this machine alone, and waits until it answers.
 * @throws INPUT_INVALID when a port is taken; TEMPORAL_UNREACHABLE when it does not come up; the signal's reason
 */
export async function startEmbedded(options: {
  executable: string;
  database: string;
  log: string;
  /** Where the process ids are kept. */
  pids: string;
  port: number;
  uiPort: number;
  namespace: string;
  /** Ends a server that is still starting. */
  signal: AbortSignal;
}): Promise<EmbeddedTemporal> {
  await endOrphan(options.pids, options.database);
  for (const port of [options.port, options.uiPort]) await refuseTaken(port);
  const address = `${HOST}:${options.port}`;
  const log = await open(options.log, 'a', 0o600);
  const logged = (await log.stat()).size;
  const child = spawn(
    options.executable,
    argumentsFor(options),
    // A group of its own: Ctrl-C must reach the worker first, which needs the server to end in order.
    { stdio: ['ignore', log.fd, log.fd], detached: true },
  );
  const gone = new AbortController();
  child.once('exit', () => gone.abort());
  child.once('error', () => gone.abort());
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  await log.close();

  const stop = async () => {
    process.removeListener('exit', killAtExit);
    if (gone.signal.aborted) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const killed = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(killed);
    await forgetPids(options.pids);
  };
  try {
    if (child.pid !== undefined) await rememberPids(options.pids, child.pid);
    await untilReady(address, { ...options, logged }, gone.signal);
    await rememberRuns(address, options.namespace);
  } catch (error) {
    // Left running it would keep this process from ending.
    await stop();
    throw error;
  }
  return { address, ui: `http://${HOST}:${options.uiPort}`, gone: gone.signal, stop };
}

function argumentsFor(options: {
  database: string;
  port: number;
  uiPort: number;
  namespace: string;
}): string[] {
  const flags = {
    '--ip': HOST,
    '--ui-ip': HOST,
    '--port': String(options.port),
    '--ui-port': String(options.uiPort),
    '--db-filename': options.database,
    '--namespace': options.namespace,
    '--log-level': 'warn',
  };
  return ['server', 'start-dev', ...Object.entries(flags).flat()];
}

async function untilReady(
  address: string,
  {
    log,
    logged,
    namespace,
    signal,
  }: { log: string; logged: number; namespace: string; signal: AbortSignal },
  gone: AbortSignal,
): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  while (!(await answers(address, namespace))) {
    signal.throwIfAborted();
    if (gone.aborted || Date.now() > until) {
      // What stands before is of earlier starts; a full disk takes nothing more.
      const tail = (await readFile(log)).toString('utf8', logged).trim().split('\n').at(-1);
      throw new HoldfastError(
        'TEMPORAL_UNREACHABLE',
        `Temporal did not come up at ${address}. The last line of its log: ${tail || 'none of this start'}`,
        { hint: `See its whole log: ${log}` },
      );
    }
    await sleep(100);
  }
}

async function answers(address: string, namespace: string): Promise<boolean> {
  try {
    const connection = await openConnection({ address, connectTimeout: '2 seconds' });
    try {
      await connection.workflowService.describeNamespace({ namespace });
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

/** Else the server forgets a run a day after its end, and a page from last week's notice leads nowhere. */
async function rememberRuns(address: string, namespace: string): Promise<void> {
  const connection = await openConnection({ address });
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    // Somebody may have chosen a longer time.
    if (Number(config?.workflowExecutionRetentionTtl?.seconds) >= REMEMBERED_S) return;
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: { seconds: REMEMBERED_S as never } },
    });
  } finally {
    await connection.close();
  }
}

async function refuseTaken(port: number): Promise<void> {
  const taken = await new Promise<boolean>((resolve) => {
    const socket = connect(port, HOST, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
  if (!taken) return;
  throw new HoldfastError(
    'INPUT_INVALID',
    `Port ${port} is taken by another program: perhaps another \`holdfast dev\`.`,
    { hint: 'Stop that one, or choose other ports with --port and --ui-port.' },
  );
}
