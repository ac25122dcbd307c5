import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Progress } from '../../workflows/contract/progress.ts';
import { createBucket } from '../support/influx.ts';
import { causeOf, startWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ shards: 3 });
  world.config.targets['spare']!['safetyBackup'] = true;
  await world.holdfast.configure(world.config);
  // What is as its set-up left it needs no safety backup.
  await createBucket(world.spare, 'precious');
});
afterAll(() => world?.stop());

test('a whole restore that fails names the backup of what was there before', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
  world.spare.switches.restoreFlipsBit = true;
  const handle = await world.holdfast.start('restore', {
    target: 'metrics',
    backup,
    into: 'spare',
    confirm: 'spare',
  });
  expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'RESTORE_NOT_PROVEN' });
  const { warnings } = await handle.query<Progress>('progress');
  const told = warnings.filter(({ code }) => code === 'SAFETY_BACKUP');
  expect(told).toHaveLength(1);
  const [, safety] = /as backup (\S+) of spare in disk\.$/.exec(told[0]?.message ?? '') ?? [];
  expect(await world.files()).toContain(`spare/${safety}/backup.json`);
});
