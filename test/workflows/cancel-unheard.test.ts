import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import { workflowSource } from '../../worker/workflow-source.ts';
import { freshNamespace } from '../support/namespace.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';

test('a run is cancelled also when its activity fails before it hears of the cancel', async () => {
  quietRuntime();
  const address = inject('temporalAddress');
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
    workflowBundle: await workflowSource(),
    // It sends no heartbeat, and so hears nothing.
    activities: { resolveBackup: () => failing },
  });
  await worker.runUntil(async () => {
    const run = await client.workflow.start('backup', {
      taskQueue: 'deaf',
      workflowId: 'backup/metrics/deaf',
      args: [{ target: 'metrics' }],
    });
    const pending = async () => (await run.describe()).raw.pendingActivities?.[0];
    await expect.poll(async () => (await pending())?.lastStartedTime ?? undefined).toBeDefined();
    await run.cancel();
    // As a number: that of PENDING_ACTIVITY_STATE_CANCEL_REQUESTED.
    await expect.poll(async () => (await pending())?.state).toBe(3);
    const stalled = new HoldfastError('SOURCE_STALLED', 'Nothing moved for 5 s.');
    fail(toApplicationFailure(stalled));
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect((await run.describe()).status.name).toBe('CANCELLED');
  });
  await forClient.close();
  await connection.close();
});
