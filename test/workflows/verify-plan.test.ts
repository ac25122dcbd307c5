import { expect, test } from 'vitest';
import { toJson } from '../../activities/catalog/json.ts';
import type { ProductObject } from '../../activities/catalog/product-objects.ts';
import {
  findVerifyPlan,
  readVerifyPage,
  writeVerifyPlan,
} from '../../activities/verify/verify-pages.ts';
import type { VerifyJob } from '../../workflows/contract/activities.ts';
import { backupFolder, FOLDER } from '../pipeline/backup-folder.ts';

const { signal } = new AbortController();
const [target = '', backup = ''] = FOLDER.split('/');
const job = {
  snapshot: { target },
  backup,
  run: { runId: 'a-run' },
  depth: 'quick',
} as unknown as VerifyJob;

/** More than one page of them. */
const items = (role: string): ProductObject[] =>
  Array.from({ length: 1_500 }, (_, index) => ({
    key: `${role}/${index}`,
    bytes: 1,
    role,
    subject: role,
  }));

test('no page of an attempt to plan that died half-way counts', async () => {
  await using folder = await backupFolder();
  const { store } = folder;
  const dying = Object.assign(Object.create(store) as typeof store, {
    put: async (...args: Parameters<typeof store.put>) => {
      if (args[0].endsWith('page-0001.json')) throw new Error('the worker died');
      return store.put(...args);
    },
  });
  const plan = (of: typeof store, attempt: string, role: string) =>
    writeVerifyPlan(of, job, attempt, { items: items(role), findings: [] }, signal);
  await expect(plan(dying, '1', 'before the copy')).rejects.toThrow('died');
  expect(await findVerifyPlan(store, job, signal)).toBeUndefined();

  const second = await plan(store, '2', 'copied');
  expect(second).toMatchObject({ pages: [1_000, 500], objects: 1_500 });
  // One that comes late takes the plan that is there, with its totals.
  const finding = { code: 'BACKUP_DAMAGED' as const, object: 'x', message: 'x is damaged.' };
  const late = { items: items('late').slice(1), findings: [finding] };
  expect(await writeVerifyPlan(store, job, '1-late', late, signal)).toEqual(second);
  expect(await findVerifyPlan(store, job, signal)).toEqual(second);
  const pages = [
    await readVerifyPage(store, job, 0, signal),
    await readVerifyPage(store, job, 1, signal),
  ];
  expect(pages.flat()).toEqual(items('copied'));
});

test('a run that was planned by an older Holdfast finds its pages', async () => {
  await using folder = await backupFolder();
  const [item] = items('older');
  await folder.store.put(`${FOLDER}work/a-run/page-0000.json`, toJson([item]));
  expect(await readVerifyPage(folder.store, job, 0, signal)).toEqual([item]);
});
