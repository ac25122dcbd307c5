import { Client, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { freshNamespace } from './namespace.ts';
import { quietRuntime } from './quiet-runtime.ts';
import { workflowBundle } from './workflow-bundle.ts';

const QUEUE = 'given-activities';

/** What the given `resolve…` activity returns of a target: its other activities are looked for where they are given. */
export function givenSnapshot<T extends object>(changes: T) {
  return {
    target: 'metrics',
    product: 'influxdb-v2',
    kind: 'streamed',
    store: { name: 'disk' },
    locks: [],
    limits: { concurrency: 1 },
    taskQueue: QUEUE,
    timeouts: { heartbeat: 60_000, lockWait: 0, stall: 1_000, retryPause: 10, attempts: 1 },
    notify: [],
    ...changes,
  };
}

/** Runs one real workflow whose activities are the given ones: for what no database can be made to do at will. */
export async function withActivities(
  address: string,
  operation: string,
  activities: Record<string, (input: never) => unknown>,
  use: (run: WorkflowHandle) => Promise<void>,
): Promise<void> {
  quietRuntime();
  const namespace = await freshNamespace(address, { searchAttributes: false });
  const connection = await NativeConnection.connect({ address });
  const forClient = await openConnection({ address });
  const client = new Client({ connection: forClient, namespace });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: QUEUE,
    workflowBundle: { code: await workflowBundle() },
    activities,
  });
  const work = worker.runUntil(async () => {
    const options = { taskQueue: QUEUE, workflowId: `${operation}/given`, args: [{}] };
    const run = await client.workflow.start(operation, options);
    try {
      await use(run);
    } finally {
      await run.terminate().catch(() => undefined);
    }
  });
  try {
    await work;
  } finally {
    await forClient.close();
    await connection.close();
  }
}
