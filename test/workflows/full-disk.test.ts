import { afterAll, beforeAll, expect, test } from 'vitest';
import { diskFaults } from '../stores/disk-faults.ts';
import { causeOf, startWorld, type World } from './world.ts';

const disk = diskFaults();
let world: World;
beforeAll(async () => {
  world = await startWorld({ shards: 20 });
});
afterAll(() => world?.stop());

test.each([
  ['whose disk is full', 'write', 'ENOSPC', 'STORE_FULL'],
  ['that may not be written to', 'open', 'EACCES', 'STORE_DENIED'],
] as const)(
  'a backup to a directory %s fails at once, and leaves nothing',
  async (_, at, code, type) => {
    const before = await world.files();
    let met = 0;
    disk.fault = (call, path) => {
      if (call !== at || !path.startsWith(world.store.path)) return undefined;
      if (!path.includes('.holdfast-part~') || !path.includes('/data/')) return undefined;
      // The first few still find room.
      return ++met > 5 ? code : undefined;
    };
    const failure = (await world.holdfast
      .run('backup', { target: 'metrics' })
      .catch(causeOf)) as Error;
    expect(failure).toMatchObject({ type, nonRetryable: true });
    expect(failure.message).toContain('could not write metrics/');
    expect(await world.files()).toEqual(before);
    disk.fault = () => undefined;
    expect(await world.holdfast.run('backup', { target: 'metrics' })).toMatchObject({
      state: 'ok',
    });
  },
);
