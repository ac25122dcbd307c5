import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { observe, type Observation, type PendingActivity } from '../../client/runs/observe.ts';
import { queueWithoutWorker } from '../../client/runs/worker-watch.ts';
import type { TemporalSession } from '../../client/temporal/connect.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { unattended, type Unattended } from './unattended.ts';

let here: Unattended;
let session: TemporalSession;

beforeAll(async () => {
  here = await unattended('worker-watch', { searchAttributes: false });
  ({ session } = here);
});
afterAll(() => here?.[Symbol.asyncDispose]());

const aWhileAgo = new Date(Date.now() - 60_000);
const soon = () => new Date(Date.now() + 60_000);

const idle = (seen: Partial<Observation>, watchedMs?: number) =>
  queueWithoutWorker(
    session,
    {
      status: 'RUNNING',
      startedAt: aWhileAgo,
      closedAt: undefined,
      taskQueue: 'holdfast',
      untouched: false,
      progress: {} as Observation['progress'],
      pending: [],
      ...seen,
    },
    watchedMs,
  );

const waiting = (activity: Partial<PendingActivity>): PendingActivity => ({
  id: '1',
  type: 'transferPage',
  taskQueue: 'near',
  running: false,
  attempt: 1,
  lastError: undefined,
  scheduledAt: aWhileAgo,
  figures: undefined,
  ...activity,
});

describe('a run is said to wait for a worker', () => {
  it('on the queue that it was itself started on, whichever that is', async () => {
    expect(await idle({ untouched: true, taskQueue: 'elsewhere' })).toBe('elsewhere');
    expect(await idle({ progress: undefined, taskQueue: 'elsewhere' })).toBe('elsewhere');
  });

  it('by the time for which it was watched, whatever the clocks of this host and of Temporal say', async () => {
    expect(await idle({ untouched: true, startedAt: aWhileAgo }, 0)).toBeUndefined();
    expect(await idle({ untouched: true, startedAt: soon() }, 5_000)).toBe('holdfast');
  });

  it.each([1, 2, 7])('on the queue of an activity, at its attempt %d', async (attempt) => {
    expect(await idle({ pending: [waiting({ attempt })] })).toBe('near');
  });

  it('not while the next attempt is yet to come, nor while one of its queue is worked on', async () => {
    expect(await idle({ pending: [waiting({ attempt: 2, scheduledAt: soon() })] })).toBeUndefined();
    const beside = waiting({ id: '2', running: true });
    expect(await idle({ pending: [waiting({}), beside] })).toBeUndefined();
  });
});

it('an activity whose attempt failed tells when the next one may be taken', async () => {
  quietRuntime();
  const native = await NativeConnection.connect({ address: session.address });
  const worker = await Worker.create({
    connection: native,
    namespace: session.namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: { code: await workflowBundle() },
    activities: {
      resolveBackup() {
        throw ApplicationFailure.create({ message: 'again', nextRetryDelay: '1 hour' });
      },
    },
  });
  await worker.runUntil(async () => {
    const handle = await session.client.workflow.start('backup', {
      taskQueue: TASK_QUEUE,
      workflowId: 'backup/metrics/again',
      args: [{ target: 'metrics' }],
    });
    const aheadMs = async () => {
      const { pending } = await observe(session, handle.workflowId);
      const { attempt = 1, scheduledAt } = pending[0] ?? {};
      return attempt > 1 && scheduledAt ? scheduledAt.getTime() - Date.now() : 0;
    };
    await expect.poll(aheadMs, { timeout: 30_000 }).toBeGreaterThan(30 * 60_000);
    await handle.terminate();
  });
  await native.close();
});
