import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { causeOf, HASTE, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 1 });
  world.config.targets['spare']!['timeouts'] = { ...HASTE, lockWait: '5m' };
  await world.holdfast.configure(world.config);
});
afterAll(() => world?.stop());

const api = (path: string, init: RequestInit = {}) =>
  fetch(`${world.spare.url}/api/v2/${path}`, {
    ...init,
    headers: { authorization: `Token ${world.spare.token}`, 'content-type': 'application/json' },
  });

test('a server that came into use while the restore waited for its lock is not replaced unasked', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
  const lock = await world.holdfast.client.workflow.start('lock', {
    taskQueue: TASK_QUEUE,
    workflowId: 'target/spare',
    args: [{ operation: 'restore', workflowId: 'another', since: '2026-11-20T02:00:00Z' }],
  });
  const run = await world.holdfast.start('restore', { target: 'metrics', backup, into: 'spare' });
  await expect.poll(async () => (await run.query<Progress>('progress')).waitingFor).toBeDefined();
  const { orgs } = (await (await api('orgs')).json()) as { orgs: { id: string }[] };
  const body = JSON.stringify({ orgID: orgs[0]!.id, name: 'precious', retentionRules: [] });
  expect((await api('buckets', { method: 'POST', body })).status).toBe(201);
  await lock.signal('release');

  expect(await run.result().catch(causeOf)).toMatchObject({ type: 'DESTINATION_CHANGED' });
  const { buckets } = (await (await api('buckets')).json()) as { buckets: { name: string }[] };
  expect(buckets.map(({ name }) => name)).toContain('precious');
});
