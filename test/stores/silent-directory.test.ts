import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Config } from '../../activities/config/config.ts';
import { otherStoresWith } from '../../activities/other-stores.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { diskFaults } from './disk-faults.ts';

const disk = diskFaults();

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('one directory that does not answer is asked once, and no other meanwhile', async () => {
  await using folder = await temporaryFolder('silent');
  const places = ['dead', 'dead-too', 'old'].map((name) => join(folder.path, name));
  const backup = join(folder.path, 'old', 'metrics', '2026-11-20t02-00-00z-7f3a1c');
  for (const path of [...places, backup]) await mkdir(path, { recursive: true });
  await writeFile(join(backup, 'backup.json'), '{}');

  const stores = new Map(
    ['dead', 'dead-too', 'old'].map((name) => {
      return [name, { name, type: 'directory' as const, path: join(folder.path, name) }];
    }),
  );
  const loadConfig = () => Promise.resolve({ stores } as unknown as Config);
  const deps = { loadConfig, stores: createStoreResources() };
  const search = () => otherStoresWith(deps, { target: 'metrics', store: 'now' });

  const asked: string[] = [];
  const answers: (() => void)[] = [];
  disk.fault = (_call, path) => {
    if (!path.startsWith(join(folder.path, 'dead'))) return undefined;
    asked.push(path);
    return new Promise<undefined>((resolve) => answers.push(() => resolve(undefined)));
  };
  try {
    const searches = Promise.all([search(), search()]);
    await expect.poll(() => asked).not.toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await searches).toEqual([[], []]);
    expect(asked).toEqual([places[0]]);
  } finally {
    disk.fault = () => undefined;
    for (const answer of answers) answer();
  }
  await expect.poll(search).toEqual(['old']);
  await deps.stores.close();
});
