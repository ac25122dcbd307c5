import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { follow } from '../../client/runs/follow.ts';
import { Interruption } from '../../client/runs/interruption.ts';
import type { TemporalSession } from '../../client/temporal/connect.ts';
import { Output } from '../../client/terminal/output.ts';
import { unattended, type Unattended } from './unattended.ts';

let here: Unattended;
let session: TemporalSession;

beforeAll(async () => {
  here = await unattended('follow', { searchAttributes: false });
  ({ session } = here);
});
afterAll(() => here?.[Symbol.asyncDispose]());
afterEach(() => {
  process.exitCode = undefined;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function follows(
  place: TemporalSession,
  run: { workflowId: string; runId: string },
  { wait = true, whenLeft }: { wait?: boolean; whenLeft?: string } = {},
) {
  const output = new Output({ json: true });
  const told = vi.spyOn(output, 'event').mockImplementation(() => undefined);
  const followed = async () => {
    using interruption = new Interruption(output);
    return await follow(place, output, run, { interruption, wait, whenLeft });
  };
  return { followed: followed(), events: () => told.mock.calls.map(([event]) => event) };
}

const grpcError = (code: number, details: string) =>
  Object.assign(new Error(`${code}: ${details}`), { code, details });

/** As gRPC tells that the server went away in the middle of a call. */
const brokenOff = () => grpcError(14, 'read ECONNRESET');

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

/** The same Temporal, but for what it answers when asked how a run is. */
function describing(describeRun: () => Promise<never>, signal = describeRun): TemporalSession {
  const client = { workflow: { getHandle: () => ({ describe: describeRun, signal }) } };
  return { ...session, client: client as unknown as TemporalSession['client'] };
}

const UNHEARD = { workflowId: 'backup/metrics/unheard', runId: 'r' };
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
      const { followed, events } = follows(place, run, { wait: false });
      const ended = expect(followed).rejects.toMatchObject({ message: TERMINATED });
      await Promise.race([expect.poll(() => looks.mock.calls.length).toBeGreaterThan(4), ended]);
      await handle.terminate();
      await ended;
      const told = broken === 'run' ? ['unreachable', 'reachable'] : [];
      expect(events().map(({ event }) => event)).toEqual(told);
    },
  );

  it.each([
    ['breaks off', brokenOff(), 'TEMPORAL_UNREACHABLE', 'refused or broke off: read ECONNRESET.'],
    [
      'has come to refuse its credentials',
      grpcError(16, 'Request unauthorized.'),
      'AUTH_REJECTED',
      'does not take these credentials: Request unauthorized.',
    ],
  ])(
    'for ten minutes while Temporal %s, and is said to go on then',
    async (_, cause, code, why) => {
      vi.useFakeTimers({ toFake: ['Date'] });
      let looks = 0;
      const place = describing(() => {
        looks += 1;
        // The host was asleep before the first look, which says nothing of Temporal.
        if (looks === 1) vi.setSystemTime(Date.now() + 60 * 60_000);
        if (looks > 2) vi.setSystemTime(Date.now() + 11 * 60_000);
        return Promise.reject(new ServiceError('Failed to describe workflow', { cause }));
      });
      const { followed, events } = follows(place, UNHEARD);
      const reason = `Temporal at ${session.address} ${why}`;
      await expect(followed).rejects.toMatchObject({
        code,
        message: `${reason} It has been so for 10 minutes, so the run backup/metrics/unheard is watched no longer; it goes on, without this command.`,
        hint: expect.stringContaining('holdfast status backup/metrics/unheard') as string,
      });
      expect(looks).toBe(3);
      expect(events()).toEqual([{ event: 'unreachable', address: session.address, reason }]);
    },
  );

  it('until Ctrl-C, which is heard also while Temporal says nothing', async () => {
    const describeRun = vi.fn(() => new Promise<never>(() => undefined));
    const deadlines = vi.spyOn(session.connection, 'withDeadline');
    const { followed } = follows(describing(describeRun), UNHEARD);
    await expect.poll(() => describeRun.mock.calls.length).toBe(1);
    process.emit('SIGINT', 'SIGINT');
    expect(await followed).toEqual({ ended: false });
    expect(process.exitCode).toBe(130);
    // Without Ctrl-C it would be told soon.
    const [until = 0] = deadlines.mock.calls[0] ?? [];
    expect(Number(until) - Date.now()).toBeLessThanOrEqual(30_000);
    expect(Number(until)).toBeGreaterThan(0);
  });

  it('until Ctrl-C, which is heard also while Temporal does not say who polls', async () => {
    const handle = await abandoned('unanswered');
    const whoPolls = vi.fn(() => new Promise<never>(() => undefined));
    const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
    const { followed } = follows(asked(whoPolls), run);
    await expect.poll(() => whoPolls.mock.calls.length).toBe(1);
    process.emit('SIGINT', 'SIGINT');
    expect(await followed).toEqual({ ended: false });
    await handle.terminate();
  });

  it('no longer than until Ctrl-C while a plan is made, also where Temporal does not hear of it', async () => {
    const silence = vi.fn(() => new Promise<never>(() => undefined));
    const signal = vi.fn(() => new Promise<never>(() => undefined));
    const cause = grpcError(4, 'Deadline exceeded');
    vi.spyOn(session.connection, 'withDeadline').mockImplementation(async (_, ask) =>
      Promise.race([
        ask(),
        sleep(50).then(() => Promise.reject(new ServiceError('No answer', { cause }))),
      ]),
    );
    const whenLeft = 'Nothing was restored: only the plan was being made.';
    const { followed } = follows(describing(silence, signal), UNHEARD, { whenLeft });
    await expect.poll(() => silence.mock.calls.length).toBeGreaterThan(0);
    process.emit('SIGINT', 'SIGINT');
    await expect(followed).rejects.toMatchObject({ code: 'CANCELLED', message: whenLeft });
    expect(signal).toHaveBeenCalledOnce();
  });
});
