import { generateIdentity, identityToRecipient } from 'age-encryption';
import type { WorkflowHandleWithStartDetails } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { causeOf, HASTE, startWorld, type World } from './world.ts';

const VARIABLE = 'TEST_IDENTITY_ELSEWHERE';
const RESTORE = { target: 'metrics', select: { buckets: ['telemetry'] } };

let world: World;
let identity: string;
let renamed = 0;

// A variable that is not set now and is a moment later stands for two workers of one queue, one of which has it.
beforeAll(async () => {
  identity = await generateIdentity();
  process.env[VARIABLE] = identity;
  const recipients = [await identityToRecipient(identity)];
  world = await startWorld({
    shards: 2,
    target: {
      encryption: { recipients, identity: { env: VARIABLE } },
      timeouts: { ...HASTE, lockWait: '2h' },
    },
  });
  await world.holdfast.run('backup', { target: 'metrics' });
});
afterAll(async () => {
  delete process.env[VARIABLE];
  await world?.stop();
});
beforeEach(() => {
  process.env[VARIABLE] = identity;
});

async function missed(run: WorkflowHandleWithStartDetails): Promise<string[]> {
  const { raw } = await run.describe();
  return (raw.pendingActivities ?? []).flatMap(({ activityType, lastFailure }) =>
    lastFailure?.message?.includes(VARIABLE) ? [String(activityType?.name)] : [],
  );
}

const restore = () => {
  renamed += 1;
  const rename = { telemetry: `telemetry-${renamed}` };
  return world.holdfast.start('restore', { ...RESTORE, rename });
};

describe('where the next worker has the identity that one lacks', () => {
  test('a restore is planned there', async () => {
    delete process.env[VARIABLE];
    const run = await restore();
    await expect.poll(() => missed(run), { timeout: 20_000 }).toEqual(['planRestore']);
    process.env[VARIABLE] = identity;
    expect(await run.result()).toMatchObject({ restored: [`acme/telemetry-${renamed}`] });
  });

  test('a restore that is planned goes on there, however often it meets one without', async () => {
    const lock = await world.holdfast.client.workflow.start('lock', {
      taskQueue: TASK_QUEUE,
      workflowId: 'target/metrics',
      args: [{ operation: 'backup', workflowId: 'by hand', since: '2026-11-20T02:00:00Z' }],
    });
    const run = await restore();
    const waitingFor = async () => (await run.query<Progress>('progress')).waitingFor;
    await expect.poll(waitingFor, { timeout: 20_000 }).toBe('target/metrics');
    delete process.env[VARIABLE];
    await lock.signal('release');
    const attempts = async () => {
      const [pending] = (await run.describe()).raw.pendingActivities ?? [];
      return pending?.activityType?.name === 'prepareRestore' ? Number(pending.attempt) : 0;
    };
    await expect.poll(attempts, { timeout: 30_000 }).toBeGreaterThan(10);
    expect(await missed(run)).toEqual(['prepareRestore']);
    process.env[VARIABLE] = identity;
    expect(await run.result()).toMatchObject({ restored: [`acme/telemetry-${renamed}`] });
  });

  test('a deep verification goes on there', async () => {
    delete process.env[VARIABLE];
    const run = await world.holdfast.start('verify', { target: 'metrics', depth: 'deep' });
    await expect.poll(() => missed(run), { timeout: 20_000 }).toEqual(['planVerify']);
    process.env[VARIABLE] = identity;
    expect(await run.result()).toMatchObject({ ok: true, onlyHashed: 0 });
  });
});

test('where no worker has it, the plan says so, and nothing was changed', async () => {
  delete process.env[VARIABLE];
  for (const run of [
    await restore(),
    await world.holdfast.start('verify', { target: 'metrics', depth: 'deep' }),
  ]) {
    expect(await run.result().catch(causeOf)).toMatchObject({
      type: 'SECRET_MISSING',
      message: expect.stringMatching(
        /^Worker on \S+: The age identity of target metrics /,
      ) as string,
      details: [{ hint: expect.stringContaining('every worker of the task queue') as string }],
    });
  }
  const changes = world.source.requests.filter(({ path }) => path.includes(`telemetry-${renamed}`));
  expect(changes).toEqual([]);
});
