import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withDigest } from '../../activities/catalog/manifest-digest.ts';
import { diskFaults } from '../stores/disk-faults.ts';
import { causeOf, startWorld, type World } from './world.ts';

const disk = diskFaults();
let world: World;
beforeAll(async () => {
  world = await startWorld({ shards: 20 });
});
afterAll(() => world?.stop());

describe('what an attempt that nobody hears any more commits while its backup is removed', () => {
  test('goes with it', async () => {
    const before = await world.files();
    expect(await failing(() => ({}))).toMatchObject({ type: 'STORE_FULL' });
    expect(await world.files()).toEqual(before);
  });

  test('is not taken for a backup where the removal begins anew', async () => {
    const { backup } = await world.holdfast.run('backup', { target: 'metrics' });
    const before = await world.files();
    const good = await world.manifest(backup);
    const late = (id: string, runId: string) =>
      withDigest({ ...good, id, run: { ...good.run, runId } });
    expect(await failing(late, 'EIO')).toMatchObject({ type: 'STORE_FULL' });
    expect(await world.files()).toEqual(before);
  });

  /** @param answer of the disk to the first removal of data, when the manifest has come */
  async function failing(late: (id: string, runId: string) => object, answer?: string) {
    let [met, runId, committed] = [0, '', ''];
    disk.fault = async (call, path) => {
      if (!path.startsWith(world.store.path) || !path.includes('/data/')) return undefined;
      if (call === 'write' && ++met > 5) return 'ENOSPC';
      if (call !== 'unlink' || path.includes('.holdfast-part~') || committed !== '')
        return undefined;
      const folder = dirname(path.slice(0, path.indexOf('/data/') + 6));
      committed = join(folder, 'backup.json');
      await writeFile(committed, JSON.stringify(late(basename(folder), runId)));
      return answer;
    };
    const run = await world.holdfast.start('backup', { target: 'metrics' });
    runId = run.firstExecutionRunId;
    const failure: unknown = await run.result().catch(causeOf);
    expect(committed).toContain('backup.json');
    return failure;
  }
});
