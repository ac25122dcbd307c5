import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { causeOf, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 2 });
});
afterAll(() => world?.stop());

test('a backup whose id is another run’s writes nothing beside it, and removes nothing of it', async () => {
  world.source.switches.silent = true;
  const run = await world.holdfast.start('backup', { target: 'metrics' });
  let id = '';
  await expect
    .poll(async () => {
      const { typedSearchAttributes } = await run.describe();
      const found = typedSearchAttributes.getAll().find(({ key }) => key.name === 'HoldfastBackup');
      id = String(found?.value ?? '');
      return id;
    })
    .not.toBe('');
  const work = join(world.store.path, 'metrics', id, 'work');
  await mkdir(work, { recursive: true });
  const claim = { cluster: 'c', namespace: 'n', workflowId: 'backup/metrics/other', runId: 'r' };
  await writeFile(join(work, 'run.json'), JSON.stringify(claim));
  world.source.calm();

  const failure = await run.result().catch(causeOf);
  expect(failure).toMatchObject({ type: 'COMMIT_CONFLICT' });
  expect(String(failure)).toContain('belongs to another run, backup/metrics/other.');
  expect(await world.files()).toEqual([`metrics/${id}/work/run.json`]);
});
