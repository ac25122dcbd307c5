import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Progress } from '../../workflows/contract/progress.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call, classesOf } from './seed-articles.ts';

let world: DelegatedWorld;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { stall: '1s' } });
});
afterAll(() => world?.stop());

test('a cancel leaves alone the restore of the same backup that somebody else has begun', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'articles' });
  await cp(join(world.storage, backup), join(world.spareStorage, backup), { recursive: true });
  const theirs = `/v1/backups/filesystem/${backup}/restore`;
  world.spare.switches.restoreHangs = true;
  await call(world.spare.url, 'POST', theirs, {});

  const run = await world.holdfast.start('restore', { target: 'articles', backup, into: 'spare' });
  const lastError = async () => (await run.query<Progress>('progress')).lastError;
  await expect.poll(lastError).toContain('already in progress');
  const { requests } = world.spare;
  const asked = requests.length;
  await run.signal('cancel');
  await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(requests.slice(asked).filter(({ method }) => method === 'DELETE')).toEqual([]);

  world.spare.calm();
  const status = () => call(world.spare.url, 'GET', theirs);
  await expect.poll(status).toMatchObject({ status: 'SUCCESS' });
  expect(await classesOf(world.spare.url)).toEqual(['Article', 'Note']);
});
