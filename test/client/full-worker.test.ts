import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { askToEnd } from '../../client/runs/ask-to-end.ts';
import { observe } from '../../client/runs/observe.ts';
import { queueWithoutWorker } from '../../client/runs/worker-watch.ts';
import { connectTo, type TemporalSession } from '../../client/temporal/connect.ts';
import { workflowSource } from '../../worker/workflow-source.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { freshNamespace } from '../support/namespace.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';

let session: TemporalSession;
let native: NativeConnection;

beforeAll(async () => {
  quietRuntime();
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address, { searchAttributes: false });
  session = await connectTo({ connectionOptions: { address }, namespace });
  native = await NativeConnection.connect({ address });
});
afterAll(async () => {
  await session?.connection.close();
  await native?.close();
});

it('is not taken for one that is not there', async () => {
  const workflowId = 'backup/metrics/by-hand';
  const worker = await Worker.create({
    connection: native,
    namespace: session.namespace,
    taskQueue: TASK_QUEUE,
    // Asks for no activities, as one does whose places are all taken.
    workflowBundle: await workflowSource(),
  });
  await worker.runUntil(async () => {
    const run = await session.client.workflow.start('backup', {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [{ target: 'metrics' }],
    });
    const waiting = async () => {
      const { pending } = await observe(session, workflowId);
      return Date.now() - (pending[0]?.scheduledAt?.getTime() ?? Date.now());
    };
    await expect.poll(waiting, { timeout: 20_000, interval: 500 }).toBeGreaterThan(4_500);
    expect(await queueWithoutWorker(session, await observe(session, workflowId))).toBeUndefined();

    await run.terminate();
    await askToEnd(session, { workflowId, runId: run.firstExecutionRunId }, 'too late');
  });
});
