import { expect, test } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import type { RestoreStep } from '../../activities/products/product.ts';
import { writeRestorePlan } from '../../activities/restore/restore-in-store.ts';
import { writeVerifyPlan } from '../../activities/verify/verify-pages.ts';
import type { RestoreJob, VerifyJob } from '../../workflows/contract/activities.ts';
import type { RestorePlan } from '../../workflows/contract/operations.ts';
import { backupFolder, FOLDER } from '../pipeline/backup-folder.ts';

const { signal } = new AbortController();
const [target = '', backup = ''] = FOLDER.split('/');
const job = { snapshot: { target }, backup, run: { runId: 'a-run' } };

/** Each fills a page by itself, as long as there are few of them. */
const LARGE = Array.from({ length: 1_000 }, (_, index): ObjectLine => ({
  path: `data/${index}`,
  bytes: 5 * 1024 ** 3,
  sha256: '0'.repeat(64),
  codec: 'identity',
  encrypted: false,
  role: 'shard',
  subject: `shard ${index}`,
}));

// A page costs some events of the run's history, which ends at 51,200 of them.
const FEW = 200;

test('large objects are verified deeply on few pages', async () => {
  await using folder = await backupFolder();
  const verifying = { ...job, depth: 'deep' } as unknown as VerifyJob;
  const items = LARGE.map((line) => [line]);
  const plan = { items, findings: [] };
  const { pages } = await writeVerifyPlan(folder.store, verifying, '1', plan, signal);
  expect(pages.length).toBeLessThanOrEqual(FEW);
  expect(pages.reduce((sum, page) => sum + page)).toBe(LARGE.length);
});

test('large objects are restored on few pages', async () => {
  await using folder = await backupFolder();
  const steps = LARGE.map((line): RestoreStep => ({
    subject: line.subject,
    lines: [line],
    key: {},
  }));
  const planned = { summary: {} as RestorePlan, detail: {}, steps };
  const restoring = job as unknown as RestoreJob;
  const { pages } = await writeRestorePlan(folder.store, restoring, '1', planned, signal);
  expect(pages.length).toBeLessThanOrEqual(FEW);
  expect(pages.reduce((sum, page) => sum + page)).toBe(LARGE.length);
});
