import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askToEnd } from '../../client/runs/ask-to-end.ts';
import { observe } from '../../client/runs/observe.ts';
import { queueWithoutWorker } from '../../client/runs/worker-watch.ts';
import type { TemporalSession } from '../../client/temporal/connect.ts';
import { workflowSource } from '../../worker/workflow-source.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';
import { run } from './command.ts';
import { unattended, type Unattended } from './unattended.ts';

let here: Unattended;
let session: TemporalSession;
let native: NativeConnection;

beforeAll(async () => {
  quietRuntime();
  here = await unattended('full-worker', { searchAttributes: false });
  ({ session } = here);
  native = await NativeConnection.connect({ address: session.address });
});
afterAll(async () => {
  await native?.close();
  await here?.[Symbol.asyncDispose]();
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
    const backup = await session.client.workflow.start('backup', {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [{ target: 'metrics' }],
    });
    const waiting = async () => {
      const { pending } = await observe(session, workflowId);
      return Date.now() - (pending[0]?.scheduledAt?.getTime() ?? Date.now());
    };
    await expect.poll(waiting, { interval: 500 }).toBeGreaterThan(4_500);
    expect(await queueWithoutWorker(session, await observe(session, workflowId))).toBeUndefined();
    const { stdout } = await run(['doctor'], { env: here.env });
    expect(stdout).toContain('1 worker, with no place left for more work');

    await backup.terminate();
    await askToEnd(session, { workflowId, runId: backup.firstExecutionRunId }, 'too late');
  });
});
