import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TemporalPlace, TemporalSession } from '../../client/temporal/connect.ts';
import { unlikeWorkers } from '../../client/temporal/unlike-workers.ts';
import { pollersOf } from '../../client/temporal/workers.ts';
import { run, start } from './command.ts';
import { unattended, type Unattended } from './unattended.ts';

const STAGING = '1@staging config:deadbeef';
const PRODUCTION = '2@production config:0badcafe';
const STOPPED = '3@production config:00000000';
const OLDER = '4@older';

let here: Unattended;
let session: TemporalSession;
let env: Record<string, string>;

beforeAll(async () => {
  here = await unattended('unlike');
  ({ session, env } = here);
});
afterAll(() => here?.[Symbol.asyncDispose]());

/** Asks for work once, as a worker does, and goes away. The server takes no call that would wait for less. */
async function poll(taskQueue: string, identity: string): Promise<void> {
  const { connection, namespace } = session;
  const asked = connection.withDeadline(Date.now() + 3_000, () =>
    connection.workflowService.pollActivityTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      identity,
    }),
  );
  await asked.catch((error: unknown) => {
    if (!String(error).includes('DEADLINE_EXCEEDED')) throw error;
  });
}

/** A server that lists workers as having asked so many seconds from now. */
function listing(askedSeconds: () => Record<string, number>): TemporalPlace {
  const now = Math.floor(Date.now() / 1_000);
  const describeTaskQueue = () => {
    const pollers = Object.entries(askedSeconds()).map(([identity, seconds]) => ({
      identity,
      lastAccessTime: { seconds: now + seconds },
    }));
    return Promise.resolve({ pollers });
  };
  const connection = { workflowService: { describeTaskQueue } };
  return { ...session, connection: connection as unknown as TemporalPlace['connection'] };
}

/** Workers that ask for work again and again, until what is awaited has come. */
async function whilePolled<T>(
  taskQueue: string,
  identities: string[],
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const asking = identities.map(async (identity) => {
    while (!over.signal.aborted) await poll(taskQueue, identity);
  });
  try {
    return await work();
  } finally {
    over.abort();
    await Promise.all(asking);
  }
}

describe('workers of one task queue that began with different configurations', () => {
  it('are told, but for those that ask for no work any more, or do not tell theirs', async () => {
    await poll('told', STOPPED);
    const unlike = await whilePolled('told', [STAGING, PRODUCTION, OLDER], () =>
      unlikeWorkers(session, 'told'),
    );
    expect(unlike.toSorted()).toEqual([STAGING, PRODUCTION]);
  });

  it('are none where one of them does not tell its own', async () => {
    await poll('older', OLDER);
    await poll('older', STAGING);
    expect(await unlikeWorkers(session, 'older')).toEqual([]);
    expect(await unlikeWorkers(session, 'older', { own: 'deadbeef' })).toEqual([]);
  });

  it('are waited for no longer once the one that was started anew has asked again', async () => {
    let looks = 0;
    const place = listing(() => {
      looks += 1;
      return { [STOPPED]: -20, [PRODUCTION]: looks > 2 ? 55 : -5 };
    });
    const told: string[][] = [];
    const onWait = (workers: string[]) => told.push(workers);
    expect(await unlikeWorkers(place, 'restarted', { onWait })).toEqual([]);
    expect(told).toEqual([[STOPPED, PRODUCTION]]);
  }, 30_000);

  it('are a problem to the doctor, who names them', async () => {
    const { code, stdout, stderr } = await whilePolled('holdfast', [STAGING, PRODUCTION], () =>
      run(['doctor'], { env }),
    );
    expect(code).toBe(8);
    expect(stderr).toMatch(
      /^waiting up to 75 seconds .* task queue holdfast: .*: 1@staging config:deadbeef, 2@production/m,
    );
    expect(stdout).toMatch(
      /^PROBLEM temporal task queue holdfast: .*: 1@staging config:deadbeef, 2@production config:0badcafe/m,
    );
    expect(stdout).toContain('a Temporal namespace of its own');
  });

  it('are told by the one that starts, and its own configuration stands in its name', async () => {
    const worker = start(['worker'], { env });
    await whilePolled('holdfast', [STAGING], async () => {
      const warned = /Other workers poll .* \(config:([0-9a-f]{8})\): (.*)\. Each takes up/;
      await expect.poll(() => worker.stderr(), { timeout: 60_000 }).toMatch(warned);
      const [, own, others] = warned.exec(worker.stderr()) ?? [];
      expect(others).toContain(STAGING);
      const names = (await pollersOf(session, 'holdfast', 'workflow')).map((each) => each.identity);
      expect(names).toContainEqual(
        expect.stringMatching(new RegExp(`^${worker.pid}@.* config:${own}$`)) as string,
      );
    });
    worker.kill('SIGTERM');
    await worker.ended;
  });
});
