import { Client, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { until } from '../faults/following.ts';
import { freshNamespace } from './namespace.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Of a pending activity, as Temporal numbers them. */
const CANCEL_REQUESTED = 3;

/** A backup whose activity fails by itself after a cancel was asked for, and before it heard of it. */
export async function deafRun(
  address: string,
  use: (run: WorkflowHandle) => Promise<void>,
): Promise<void> {
  const namespace = await freshNamespace(address, { searchAttributes: false });
  const connection = await NativeConnection.connect({ address });
  const forClient = await openConnection({ address });
  const client = new Client({ connection: forClient, namespace });
  let fail: (reason: Error) => void = () => undefined;
  const failing = new Promise<never>((_, reject) => (fail = reject));
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: 'deaf',
    workflowBundle: { code: await workflowBundle() },
    // It sends no heartbeat, and so hears nothing.
    activities: { resolveBackup: () => failing },
  });
  const deaf = worker.runUntil(async () => {
    const run = await client.workflow.start('backup', {
      taskQueue: 'deaf',
      workflowId: 'backup/metrics/deaf',
      args: [{ target: 'metrics' }],
    });
    const pending = async () => (await run.describe()).raw.pendingActivities?.[0];
    await until('it runs', async () => Boolean((await pending())?.lastStartedTime));
    await run.cancel();
    const cancelled = async () => Number((await pending())?.state) === CANCEL_REQUESTED;
    await until('Temporal knows of the cancel', cancelled);
    fail(toApplicationFailure(new HoldfastError('SOURCE_STALLED', 'Nothing moved for 5 s.')));
    await use(run);
  });
  try {
    await deaf;
  } finally {
    await forClient.close();
    await connection.close();
  }
}
