import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeCopyWork } from '../../activities/copy/copy-work.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { diskFaults } from '../stores/disk-faults.ts';
import { filesBelow } from '../support/files-below.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const FOLDER = 't/b/work/copy-plain/';
const FILES = ['partial/0/a.json', 'plan-a/0.json', 'plan.json', 'receipts/0.json', 'run.json'];

const disk = diskFaults();
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('forgotten');
});
afterAll(() => folder?.remove());

test('what is left of the work of a copy, wherever its removal ends, misleads no other', async () => {
  const host = { id: 'host', name: 'host', lasts: true };
  const settings = { name: 'disk', type: 'directory', path: folder.path } as const;
  const store = openStore(settings, createStoreResources({ host }));
  const signal = new AbortController().signal;
  for (const [removable] of FILES.entries()) {
    for (const file of FILES) {
      if (!(await store.head(FOLDER + file))) await store.put(FOLDER + file, Buffer.from('{}'));
    }
    let removed = 0;
    disk.fault = (call, path) =>
      call === 'unlink' && path.includes(FOLDER) && ++removed > removable ? 'EIO' : undefined;
    await expect(removeCopyWork(store, FOLDER, signal)).rejects.toThrow('could not remove');
    disk.fault = () => undefined;
    const left = (await filesBelow(folder.path)).map((file) => file.replace(FOLDER, ''));
    const isPlanned = left.includes('plan.json');
    expect(left.includes('receipts/0.json') || left.includes('partial/0/a.json')).toBe(
      removable < 2,
    );
    expect(isPlanned).toBe(removable < 3);
    expect(left.includes('plan-a/0.json') || !isPlanned).toBe(true);
  }
  await removeCopyWork(store, FOLDER, signal);
  expect(await store.folders('t/')).toEqual([]);
});
