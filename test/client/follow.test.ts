import { ServiceError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { follow } from '../../client/runs/follow.ts';
import { Interruption } from '../../client/runs/interruption.ts';
import { connectTo, type TemporalSession } from '../../client/temporal/connect.ts';
import { Output } from '../../client/terminal/output.ts';
import { freshNamespace } from '../support/namespace.ts';

let session: TemporalSession;

beforeAll(async () => {
  const address = inject('temporalAddress');
  const namespace = await freshNamespace(address, { searchAttributes: false });
  session = await connectTo({ connectionOptions: { address }, namespace });
});
afterAll(() => session?.connection.close());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function follows(
  place: TemporalSession,
  run: { workflowId: string; runId: string },
  { wait = true } = {},
) {
  const output = new Output({ json: true });
  const told = vi.spyOn(output, 'event').mockImplementation(() => undefined);
  const followed = async () => {
    using interruption = new Interruption(output);
    return await follow(place, output, run, { interruption, wait });
  };
  return { followed: followed(), events: () => told.mock.calls.map(([event]) => event) };
}

/** As gRPC tells that the server went away in the middle of a call. */
const brokenOff = () =>
  Object.assign(new Error('14 UNAVAILABLE: read ECONNRESET'), {
    code: 14,
    details: 'read ECONNRESET',
  });

/** A run that was taken up once, as it seems, and that nobody works on. */
async function abandoned(name: string) {
  const handle = await session.client.workflow.start('backup', {
    taskQueue: 'nobody-polls-this',
    workflowId: `backup/metrics/${name}`,
    args: [{ target: 'metrics' }],
  });
  await handle.signal('cancel', { reason: 'one event more than what nobody has touched' });
  return handle;
}

/** The same Temporal, but for what it answers when asked who polls a queue. */
function asked(describeTaskQueue: (request: object) => Promise<unknown>): TemporalSession {
  const withDeadline = session.connection.withDeadline.bind(session.connection);
  const connection = { withDeadline, workflowService: { describeTaskQueue } };
  return { ...session, connection: connection as unknown as TemporalSession['connection'] };
}

const TERMINATED = expect.stringContaining('was terminated by hand') as string;

describe('a run is followed', () => {
  it('whether or not Temporal tells who polls, and what it told last stays', async () => {
    const handle = await abandoned('untold');
    const looks = vi.spyOn(session.client.workflow, 'getHandle');
    let looksThen = Number.POSITIVE_INFINITY;
    let times = 0;
    const place = asked((request) => {
      times += 1;
      if (times === 1) return session.connection.workflowService.describeTaskQueue(request);
      looksThen = looks.mock.calls.length;
      return Promise.reject(brokenOff());
    });
    const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    const { followed, events } = follows(place, run);
    const ended = expect(followed).rejects.toMatchObject({ message: TERMINATED });
    await Promise.race([
      expect.poll(() => looks.mock.calls.length - looksThen).toBeGreaterThan(2),
      ended,
    ]);
    await handle.terminate();
    await ended;
    expect(events()).toEqual([{ event: 'worker', present: false, taskQueue: 'nobody-polls-this' }]);
  });

  it.each(['polls', 'run'])(
    'while its worker comes back to a Temporal that broke off an answer: %s',
    async (broken) => {
      const handle = await abandoned(`back-${broken}`);
      const looks = vi.spyOn(session.client.workflow, 'getHandle');
      let isBroken = true;
      const place = asked((request) => {
        if (!isBroken) return session.connection.workflowService.describeTaskQueue(request);
        isBroken = false;
        return Promise.reject(brokenOff());
      });
      if (broken === 'run') {
        isBroken = false;
        const cause = brokenOff();
        const refuse = () => Promise.reject(new ServiceError('Failed to describe', { cause }));
        looks.mockReturnValueOnce({ describe: refuse } as unknown as typeof handle);
      }
      const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
      const { followed } = follows(place, run, { wait: false });
      const ended = expect(followed).rejects.toMatchObject({ message: TERMINATED });
      await Promise.race([expect.poll(() => looks.mock.calls.length).toBeGreaterThan(4), ended]);
      await handle.terminate();
      await ended;
    },
  );

  it('for ten minutes without Temporal, and is said to go on then', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    let looks = 0;
    const describeRun = () => {
      looks += 1;
      if (looks > 2) vi.setSystemTime(Date.now() + 11 * 60_000);
      return Promise.reject(
        new ServiceError('Failed to describe workflow', { cause: brokenOff() }),
      );
    };
    const client = { workflow: { getHandle: () => ({ describe: describeRun }) } };
    const run = { workflowId: 'backup/metrics/unheard', runId: 'r' };
    const { followed } = follows({ ...session, client } as unknown as TemporalSession, run);
    await expect(followed).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: expect.stringMatching(
        /for 10 minutes, so the run backup\/metrics\/unheard .* goes on/,
      ) as string,
      hint: expect.stringContaining('holdfast status backup/metrics/unheard') as string,
    });
    expect(looks).toBe(3);
  });
});
