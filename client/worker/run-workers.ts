import { Client } from '@temporalio/client';
import { DefaultLogger, type LogLevel, type NativeConnection, Runtime } from '@temporalio/worker';
import { digestOf, loadConfig, type Config } from '../../activities/config/config.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { connectNative } from '../../worker/connect.ts';
import { createWorker } from '../../worker/create-worker.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { unappliedRemark } from '../schedules/remark.ts';
import type { TemporalPlace } from '../temporal/connect.ts';
import type { TemporalOptions } from '../temporal/options.ts';
import { isUnknownCall, temporalRefusal } from '../temporal/refusal.ts';
import {
  areSearchable,
  mistypedSentence,
  registerSearchAttributes,
  registrationCommand,
  removalCommand,
  unusableSearchAttributes,
} from '../temporal/search-attributes.ts';
import { workerIdentity } from '../temporal/worker-identity.ts';
import { type Output, printable } from '../terminal/output.ts';
import { logLine } from './log-line.ts';
import { madeAt, runUntil } from './run-until.ts';
import { stopOnSignals } from './stop-signals.ts';
import { warnOfOthers } from './warn-of-others.ts';

/** What the SDK warns of at each start of a worker beside a database. */
const IS_MEANT = /^No workflows registered/;

export interface WorkersOptions {
  config: Config;
  /** Read for each attempt to connect. */
  temporal: () => Promise<TemporalOptions>;
  /** One worker for each. Workflows run on `holdfast` alone. */
  taskQueues: string[];
  output: Output;
  logLevel: LogLevel;
  /** Stops the workers, as SIGINT, SIGTERM and SIGHUP do. */
  signal?: AbortSignal;
}

/**
 * Runs workers in this process until it is told to stop; then their activities have ended.
 * @throws what Temporal refuses them for, CONFIG_INVALID, TEMPORAL_UNREACHABLE
 */
export async function runWorkers(options: WorkersOptions): Promise<void> {
  const { config, temporal, output, signal } = options;
  const logger = new DefaultLogger(options.logLevel, (entry) => {
    if (!IS_MEANT.test(entry.message)) output.log(logLine(entry));
  });
  Runtime.install({ logger, shutdownSignals: [] });

  const stop = new AbortController();
  const stopped = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]);
  using _ = stopOnSignals(stop, () =>
    output.event({ event: 'stopping' }, 'stopping; activities are told to end (again: at once)'),
  );
  const place = await connect(temporal, output, stopped);
  if (!place) return;
  const { connection, namespace } = place;
  const stores = createStoreResources();
  try {
    await requireNamespace(place);
    await register(place, output);
    if (options.taskQueues.includes(TASK_QUEUE)) await tellUnapplied(place, config, output);
    const digest = digestOf(config);
    const make = (taskQueue: string) =>
      createWorker({
        connection,
        namespace,
        taskQueue,
        identity: workerIdentity(digest),
        stores,
        loadConfig: () => loadConfig({ path: config.path }),
        searchable: () => areSearchable(place),
      });
    const workers = await madeAt(place, () => Promise.all(options.taskQueues.map(make)));
    const ended = runUntil(stopped, workers, place);
    for (const taskQueue of options.taskQueues) {
      output.event(
        { event: 'worker', taskQueue, namespace, address: place.address },
        `worker on task queue ${taskQueue}, namespace ${namespace}, at ${place.address}`,
      );
      void warnOfOthers(place, taskQueue, digest, output, stopped);
    }
    await ended;
  } finally {
    await stores.close();
    // A worker that failed may hold it for ever; it ends with the process.
    await connection.close().catch(() => undefined);
  }
}

/** Undefined when it was told to stop before Temporal answered. */
async function connect(
  temporal: WorkersOptions['temporal'],
  output: Output,
  stopped: AbortSignal,
): Promise<(TemporalPlace & { connection: NativeConnection }) | undefined> {
  try {
    const { connection, namespace, connectionOptions } = await connectNative(
      temporal,
      ({ address, reason, pauseMs }) =>
        output.event(
          { event: 'unreachable', address, reason },
          printable(
            `no connection to Temporal at ${address}: ${reason}; trying again in ${pauseMs / 1000} s`,
          ),
        ),
      stopped,
    );
    return { connection, namespace, address: connectionOptions.address };
  } catch (error) {
    if (stopped.aborted) return undefined;
    throw error;
  }
}

async function tellUnapplied(
  { connection, namespace }: { connection: NativeConnection; namespace: string },
  config: Config,
  output: Output,
): Promise<void> {
  const session = { client: new Client({ connection, namespace }) };
  // Who may not list schedules works all the same.
  const remark = await unappliedRemark(session, config).catch(() => undefined);
  if (remark) output.remark(remark);
}

/**
 * A worker that is refused its namespace fails in the midst of its start: sooner, and in better words, here.
 * @throws what Temporal refuses, TEMPORAL_UNREACHABLE
 */
async function requireNamespace({ connection, namespace, address }: TemporalPlace): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    // A gateway that does not know this question: the SDK goes on without its answer, too.
    if (isUnknownCall(error)) return;
    throw temporalRefusal(error, `Temporal at ${address}`) ?? error;
  }
}

async function register(place: TemporalPlace, output: Output): Promise<void> {
  const unusable = await unusableSearchAttributes(place).catch(() => undefined);
  if (!unusable) return;
  const { missing, mistyped } = unusable;
  if (mistyped.length > 0) {
    const command = removalCommand(place, unusable);
    output.event(
      { event: 'mistyped', attributes: mistyped, command },
      `Search attributes of Holdfast have another type: ${mistypedSentence(unusable)}. Runs work without them. The command that removes them, so that the next start registers them anew:\n  ${command}`,
    );
  }
  if (missing.length === 0) return;
  try {
    await registerSearchAttributes(place, missing);
    output.event({ event: 'registered', names: missing }, 'registered the search attributes');
  } catch {
    const command = registrationCommand(place, missing);
    output.event(
      { event: 'unregistered', names: missing, command },
      `The search attributes of Holdfast may not be registered from here. Runs work without them. The command:\n  ${command}`,
    );
  }
}
