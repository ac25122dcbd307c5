import { type Command, InvalidArgumentError } from 'commander';
import type { LogLevel } from '@temporalio/worker';
import type { Config } from '../../activities/config/config.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { findTool } from '../../infra/tools/find-tool.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { serverVersion, startEmbedded } from '../dev/embedded-temporal.ts';
import { otherVerbsRemark } from '../dev/other-verbs.ts';
import {
  markApplied,
  openState,
  stateFolder,
  usingFolder,
  type DevState,
} from '../dev/state-folder.ts';
import type { Invocation } from '../invocation.ts';
import { applySchedule } from '../schedules/apply.ts';
import { scheduledTargets } from '../schedules/difference.ts';
import { connectTo } from '../temporal/connect.ts';
import { plural } from '../terminal/figures.ts';
import { workUnheard } from '../terminal/unwritable.ts';
import { warningLines } from '../terminal/warnings.ts';
import { verb } from '../verb.ts';
import { logLevelOption } from '../worker/log-level-option.ts';
import { stopOnSignals } from '../worker/stop-signals.ts';

const HIGHEST_PORT = 65_535;

interface Options {
  state?: string;
  port: number;
  uiPort?: number;
  logLevel: LogLevel;
}

export function devVerb(program: Command): void {
  const command = program
    .command('dev')
    .description('run everything on this machine: Temporal with its UI, and a worker')
    .option('--state <folder>', 'default: $XDG_STATE_HOME/holdfast, else ./.holdfast')
    .option('--port <port>', 'of Temporal', portOption, 7233)
    .option('--ui-port <port>', 'default: 1000 above', portOption)
    .addOption(logLevelOption());
  verb<Options>(
    command,
    {
      examples: ['dev', 'dev --port 17233 --state /var/lib/holdfast'],
      notes:
        'Runs and schedules are remembered from one start to the next. Ctrl-C stops all of it.',
    },
    dev,
  );
}

async function dev(call: Invocation, options: Options): Promise<void> {
  workUnheard();
  const { output } = call;
  const uiPort = uiPortOf(options);
  const config = await call.config();
  for (const line of warningLines(config.warnings)) output.remark(line);
  const executable = await findTool('temporal', { onProgress: (line) => output.remark(line) });
  const version = await serverVersion(executable);
  const folder = stateFolder(options.state);
  const state = await usingFolder(folder, () => openState(folder, version));
  const namespace = config.temporal.namespace ?? 'default';
  const stop = new AbortController();
  // The server is in a process group of its own and would outlive this process, also while it starts.
  using _ = stopOnSignals(stop);
  const { database, log, pids } = state;
  const { port } = options;
  const { signal } = stop;
  const temporal = await usingFolder(folder, () =>
    startEmbedded({ executable, database, log, pids, port, uiPort, namespace, signal }),
  ).catch((error: unknown) => {
    if (stop.signal.aborted) return undefined;
    throw error;
  });
  if (!temporal) return output.event({ event: 'stopped' }, 'stopped');
  try {
    const { address, ui } = temporal;
    output.event(
      { event: 'temporal', address, ui, version, database: state.database },
      `Temporal ${version} at ${address}, UI at ${ui}, state in ${state.folder}`,
    );
    const remark = await otherVerbsRemark(config.temporal, { address, namespace });
    if (remark) output.remark(remark);
    if (state.unapplied) {
      await startAfresh(call, config, { address, namespace }, state, version);
    }
    const { runWorkers } = await import('../worker/run-workers.ts');
    await runWorkers({
      config,
      temporal: async () => ({ connectionOptions: { address }, namespace }),
      taskQueues: [TASK_QUEUE, ...queuesOf(config)],
      output,
      logLevel: options.logLevel,
      signal: AbortSignal.any([temporal.gone, stop.signal]),
    });
    if (temporal.gone.aborted) {
      throw new HoldfastError('TEMPORAL_UNREACHABLE', 'The embedded Temporal ended by itself.', {
        hint: `See its log: ${state.log}`,
      });
    }
  } finally {
    await temporal.stop();
  }
  output.event({ event: 'stopped' }, 'stopped');
}

/** @throws INPUT_INVALID */
function uiPortOf({ port, uiPort = port + 1000 }: Options): number {
  if (uiPort <= HIGHEST_PORT) return uiPort;
  throw new HoldfastError(
    'INPUT_INVALID',
    `The UI would have port ${uiPort}, 1000 above --port, and ports end at ${HIGHEST_PORT}.`,
    { hint: 'Choose its port with --ui-port.' },
  );
}

/**
 * After an upgrade the new server begins with an empty database: schedules are made again, the old file stays. A start
 * that ends before all are made leaves the rest to the next one.
 */
async function startAfresh(
  { output }: Invocation,
  config: Config,
  place: { address: string; namespace: string },
  { folder, others }: DevState,
  version: string,
): Promise<void> {
  const { address, namespace } = place;
  const session = await connectTo({ connectionOptions: { address }, namespace });
  try {
    const targets = scheduledTargets(config);
    for (const target of targets) await applySchedule(session, target);
    await markApplied(folder, version);
    output.event(
      { event: 'upgraded', version, kept: others, schedules: targets.map(({ name }) => name) },
      `Temporal ${version} begins with an empty database. Those of other versions are kept, with their history and ` +
        `whatever runs were open: ${others.map(({ path }) => path).join(', ')}. ` +
        `${plural(targets.length, 'schedule')} applied again; what was paused runs again.`,
    );
  } finally {
    await session.connection.close();
  }
}

/** One machine does everything, so it serves every queue that a target names. */
function queuesOf(config: Config): string[] {
  const queues = new Set([...config.targets.values()].map(({ taskQueue }) => taskQueue));
  queues.delete(TASK_QUEUE);
  return [...queues];
}

function portOption(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) {
    throw new InvalidArgumentError('Give a port from 1 to 65535.');
  }
  return port;
}
