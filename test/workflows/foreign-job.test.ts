import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call } from './seed-articles.ts';
import { causeOf } from './world.ts';

let world: DelegatedWorld;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { stall: '1s' } });
});
afterAll(() => world?.stop());

test('a backup whose id is another run’s leaves alone what the product does for that run', async () => {
  const { switches, url, requests } = world.database;
  switches.unavailable = { at: ['meta'] };
  const run = await world.holdfast.start('backup', { target: 'articles' });
  let id = '';
  await expect
    .poll(async () => {
      const { typedSearchAttributes } = await run.describe();
      const found = typedSearchAttributes.getAll().find(({ key }) => key.name === 'HoldfastBackup');
      id = String(found?.value ?? '');
      return id;
    })
    .not.toBe('');
  switches.backupHangs = true;
  await call(url, 'POST', '/v1/backups/filesystem', { id });
  const plant = async (key: string, content: object) => {
    const path = join(world.store, 'articles', id, 'work', key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(content));
  };
  const claim = { cluster: 'c', namespace: 'n', workflowId: 'backup/articles/other', runId: 'r' };
  await plant('run.json', claim);
  await plant('jobs/001.json', { name: id, since: new Date().toISOString(), observed: {} });
  const asked = requests.length;
  switches.unavailable = false;

  expect(await run.result().catch(causeOf)).toMatchObject({ type: 'COMMIT_CONFLICT' });
  expect(requests.slice(asked).filter(({ method }) => method !== 'GET')).toEqual([]);
  switches.backupHangs = false;
  const status = () => call(url, 'GET', `/v1/backups/filesystem/${id}`);
  await expect.poll(status).toMatchObject({ status: 'SUCCESS' });
  expect(await filesBelow(world.store)).toEqual([
    `articles/${id}/work/jobs/001.json`,
    `articles/${id}/work/run.json`,
  ]);
});
