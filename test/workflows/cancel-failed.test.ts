import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import { workflowSource } from '../../worker/workflow-source.ts';
import { freshNamespace } from '../support/namespace.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';

test('a run that may not cancel itself goes on, and says so', async () => {
  quietRuntime();
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address, { searchAttributes: false });
  const connection = await NativeConnection.connect({ address });
  const forClient = await openConnection({ address });
  const client = new Client({ connection: forClient, namespace });
  const denied = new HoldfastError('PERMISSION_MISSING', 'This worker may cancel no workflow.');
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: 'denied',
    workflowBundle: await workflowSource(),
    activities: {
      resolveBackup: async () => {
        const beat = setInterval(() => Context.current().heartbeat(), 500);
        await Context.current().cancelled.finally(() => clearInterval(beat));
      },
      cancelOwnWorkflow: () => Promise.reject(toApplicationFailure(denied)),
    },
  });
  await worker.runUntil(async () => {
    const run = await client.workflow.start('backup', {
      taskQueue: 'denied',
      workflowId: 'backup/metrics/denied',
      args: [{ target: 'metrics' }],
    });
    await run.signal('cancel', { reason: 'no longer needed' });
    await expect
      .poll(async () => JSON.stringify((await run.query<object>('progress')) ?? {}))
      .toContain('This worker may cancel no workflow.');
    expect((await run.describe()).status.name).toBe('RUNNING');
    await run.cancel();
    await expect(run.result()).rejects.toThrow();
    expect((await run.describe()).status.name).toBe('CANCELLED');
  });
  await forClient.close();
  await connection.close();
});
