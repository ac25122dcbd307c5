import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call, classesOf } from './seed-articles.ts';
import { causeOf } from './world.ts';

let world: DelegatedWorld;
let backup: string;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { lockWait: '5m' } });
  const { spare } = world.config.targets;
  const connection = { ...(spare?.['connection'] as object), users: { restore: true } };
  Object.assign(world.config.targets, { spare: { ...spare, connection } });
  await world.holdfast.configure(world.config);
  ({ backup } = await world.holdfast.run('backup', { target: 'articles' }));
  await world.copied(backup);
});
afterAll(() => world?.stop());

/** Planned while there are no users, and waiting for the lock of its destination since one is there. */
async function planned() {
  world.spare.cluster.access.users = {};
  const lock = await world.holdfast.client.workflow.start('lock', {
    taskQueue: TASK_QUEUE,
    workflowId: 'target/spare',
    args: [{ operation: 'restore', workflowId: 'another', since: '2026-11-20T02:00:00Z' }],
  });
  const input = { target: 'articles', backup, into: 'spare' };
  const run = await world.holdfast.start('restore', input);
  await expect.poll(async () => (await run.query<Progress>('progress')).waitingFor).toBeDefined();
  await call(world.spare.url, 'POST', '/v1/users/db/carol');
  return { run, begin: () => lock.signal('release') };
}

interface StoredPlan {
  detail: { job: { detail: Record<string, unknown> } };
}

test('users that came since are not replaced unasked', async () => {
  const { run, begin } = await planned();
  await begin();
  expect(await run.result().catch(causeOf)).toMatchObject({ type: 'DESTINATION_CHANGED' });
  expect(await classesOf(world.spare.url)).toEqual([]);
});

test('a plan of a version that did not look for users is not held against them', async () => {
  const { run, begin } = await planned();
  const plans = (await filesBelow(world.store)).filter((key) => key.endsWith('/plan.json'));
  for (const key of plans) {
    const path = join(world.store, key);
    const plan = JSON.parse(await readFile(path, 'utf8')) as StoredPlan;
    delete plan.detail.job?.detail['access'];
    await writeFile(path, JSON.stringify(plan));
  }
  await begin();
  await run.result();
  expect(await classesOf(world.spare.url)).toEqual(['Article', 'Note']);
});
