import type { Worker } from '@temporalio/worker';
import { HoldfastError } from '../../activities/failure.ts';
import { EXIT } from '../exit-codes.ts';
import type { TemporalPlace } from '../temporal/connect.ts';
import { temporalRefusal } from '../temporal/refusal.ts';

type RunningWorker = Pick<Worker, 'run' | 'getState' | 'shutdown'>;

const LOOK_EVERY_MS = 1_000;
/** For Temporal to say why, and for the activities of other workers to end. */
const GRACE_MS = 15_000;

/**
 * Runs workers until they are told to stop. When Temporal has refused one of them work for a minute (its key has
 * expired, its namespace is gone), the SDK says so in the log alone: `run` does not end, or ends with another error, the
 * worker cannot be stopped, and its process does not end, which is what whoever starts it anew waits for.
 * @throws what Temporal refuses, TEMPORAL_UNREACHABLE; WORKER_SHUTDOWN when it would not stop
 */
export async function runUntil(
  stopped: AbortSignal,
  workers: RunningWorker[],
  place: TemporalPlace,
): Promise<void> {
  const running = Promise.all(workers.map(untilEnded));
  const shutdown = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  stopped.addEventListener('abort', shutdown);
  if (stopped.aborted) shutdown();
  try {
    await running;
  } catch (error) {
    endSoon();
    throw stopped.aborted ? unstopped(error) : await whyFailed(place, error);
  } finally {
    // When one fails, the others are not left behind.
    shutdown();
  }
}

/**
 * Makes workers. One that Temporal refuses in the midst of that is not taken back by the SDK, and keeps the process.
 * @throws what Temporal refuses, TEMPORAL_UNREACHABLE; what `make` throws
 */
export async function madeAt<T>(place: TemporalPlace, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    endSoon();
    const refused = error instanceof Error && error.name === 'TransportError';
    throw refused ? await whyFailed(place, error) : error;
  }
}

function endSoon(): void {
  setTimeout(() => process.exit(process.exitCode ?? EXIT.failed), GRACE_MS).unref();
}

async function untilEnded(worker: RunningWorker): Promise<void> {
  let looking: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, reject) => {
    looking = setInterval(() => {
      if (worker.getState() === 'FAILED') reject(new Error('The worker failed.'));
    }, LOOK_EVERY_MS);
  });
  try {
    await Promise.race([worker.run(), failed]);
  } finally {
    clearInterval(looking);
  }
}

function unstopped(cause: unknown): HoldfastError {
  return new HoldfastError(
    'WORKER_SHUTDOWN',
    'What this worker was doing had not ended in the time that it has for that; it is tried again.',
    { cause },
  );
}

async function whyFailed(
  { connection, namespace, address }: TemporalPlace,
  cause: unknown,
): Promise<HoldfastError> {
  const server = `Temporal at ${address}`;
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } catch (error) {
    const refusal = temporalRefusal(error, server);
    if (refusal) return refusal;
  }
  return new HoldfastError(
    'TEMPORAL_UNREACHABLE',
    `The worker in namespace ${namespace} of ${server} has failed; its log says why.`,
    {
      cause,
      hint: 'Mostly it gets no more work there: look at its credentials (section `temporal`), then start it again.',
    },
  );
}
