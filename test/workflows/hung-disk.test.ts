import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { diskFaults } from '../stores/disk-faults.ts';
import { causeOf, HASTE, startWorld, type World } from './world.ts';

const disk = diskFaults();
let world: World;
beforeAll(async () => {
  world = await startWorld({
    shards: 4,
    stores: createStoreResources({ answerMs: 2_000 }),
    target: { timeouts: { ...HASTE, attempts: 3 } },
  });
});
afterAll(() => world?.stop());

test('a backup whose disk answers no more ends, and says why something is left', async () => {
  const answers: (() => void)[] = [];
  const hung = () => new Promise<undefined>((resolve) => answers.push(() => resolve(undefined)));
  let hangs = false;
  disk.fault = (_call, path) => {
    if (!path.startsWith(world.store.path)) return undefined;
    hangs ||= path.includes('/data/');
    return hangs ? hung() : undefined;
  };
  const run = await world.holdfast.start('backup', { target: 'metrics' });
  const failure = await run.result().catch(causeOf);
  expect(failure).toMatchObject({
    type: 'STORE_STALLED',
    message: expect.stringMatching(
      /^Store disk .* could not .*: the file system does not answer/,
    ) as string,
  });
  const { warnings } = await run.query<Progress>('progress');
  expect(warnings).toContainEqual({
    code: 'LEFTOVERS',
    message: expect.stringMatching(
      /^What was not committed could not be removed: Store disk .* does not answer/,
    ) as string,
  });

  hangs = false;
  disk.fault = () => undefined;
  for (const answer of answers) answer();
  expect(await world.holdfast.run('backup', { target: 'metrics' })).toMatchObject({ state: 'ok' });
});
