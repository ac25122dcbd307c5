import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diskFaults } from '../stores/disk-faults.ts';
import { causeOf, startWorld, type World } from './world.ts';

const disk = diskFaults();
let world: World;
beforeAll(async () => {
  world = await startWorld({ shards: 20 });
});
afterAll(() => world?.stop());

test('what an attempt that nobody hears any more commits while its backup is removed goes with it', async () => {
  let [met, committed] = [0, ''];
  disk.fault = (call, path) => {
    if (!path.startsWith(world.store.path) || !path.includes('/data/')) return undefined;
    if (call === 'write' && ++met > 5) return 'ENOSPC';
    if (call === 'unlink' && !path.includes('.holdfast-part~') && committed === '') {
      committed = join(dirname(path.slice(0, path.indexOf('/data/') + 6)), 'backup.json');
      return writeFile(committed, '{}').then(() => undefined);
    }
    return undefined;
  };
  const failure = await world.holdfast.run('backup', { target: 'metrics' }).catch(causeOf);
  expect(failure).toMatchObject({ type: 'STORE_FULL' });
  expect(committed).toContain('backup.json');
  expect(await world.files()).toEqual([]);
});
