import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { run } from './command.ts';

let session: TemporalSession;
let native: NativeConnection;
let folder: TemporaryFolder;
let config: string;

beforeAll(async () => {
  quietRuntime();
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address, { searchAttributes: false });
  session = await connectTo({ connectionOptions: { address }, namespace });
  native = await NativeConnection.connect({ address });
  folder = await temporaryFolder('full-worker');
  config = join(folder.path, 'holdfast.yaml');
  await writeFile(config, 'stores: {}\ntargets: {}\n');
});
afterAll(async () => {
  await session?.connection.close();
  await native?.close();
  await folder?.remove();
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
    const env = { HOLDFAST_CONFIG: config, TEMPORAL_ADDRESS: session.address };
    const { stdout } = await run(['doctor'], {
      env: { ...env, TEMPORAL_NAMESPACE: session.namespace },
    });
    expect(stdout).toContain('1 worker, with no place left for more work');

    await backup.terminate();
    await askToEnd(session, { workflowId, runId: backup.firstExecutionRunId }, 'too late');
  });
});
