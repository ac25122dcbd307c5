import { expect, inject, test } from 'vitest';
import { warningsOf } from '../../activities/backup/summarise.ts';
import type { BackupJob } from '../../workflows/contract/activities.ts';
import type { Notice } from '../../workflows/contract/notice.ts';
import type { RestoreReport } from '../../workflows/contract/operations.ts';
import { givenSnapshot, withActivities } from '../support/given-activities.ts';

const warnings = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ code: 'SHARD_GONE', message: `shard ${at}` }));

const told = (count: number, shrunk?: string) =>
  warningsOf({
    job: { warnings: [] as object[] } as BackupJob,
    preflight: { version: '2.9.1', identity: '', warnings: [] },
    taken: { warnings: warnings(count) } as never,
    shrunk,
    replaced: [],
  });

test('a manifest holds a hundred warnings, and says how many more there were', () => {
  expect(told(100)).toEqual(warnings(100));
  expect(told(130)).toEqual([
    ...warnings(100),
    { code: 'MORE_WARNINGS', message: '30 more warnings are left out here.' },
  ]);
});

test('that a source has shrunk is never among those that are left out', () => {
  expect(told(130, 'half of it')[0]).toEqual({ code: 'SOURCE_SHRUNK', message: 'half of it' });
});

const snapshot = givenSnapshot({ notify: [{ webhook: {}, on: ['warned'] }] });

test('a restore tells twenty warnings of its artifacts; its page and a notice, twenty of all', async () => {
  const notices: Notice[] = [];
  const job = { snapshot, destination: snapshot, backup: 'a-backup', run: {}, warnings: [] };
  const atTheEnd = [1, 2, 3, 4].map((n) => ({ code: 'TOKEN_CHANGED', message: `token ${n}` }));
  const activities = {
    resolveRestore: () => job,
    findRestoreBackup: () => job,
    lease: () => undefined,
    planRestore: () => ({ plan: { artifacts: 25, warnings: [] }, pages: [25] }),
    preflight: () => ({ identity: 'x', version: '1', warnings: [] }),
    prepareRestore: () => undefined,
    restorePage: () => ({
      artifacts: 25,
      bytes: 25,
      identical: 25,
      equivalent: 0,
      failed: { subjects: [], count: 0 },
      warnings: warnings(25),
    }),
    finishRestore: () => ({ restored: [], warnings: atTheEnd }),
    releaseLease: () => undefined,
    notify: ({ notice }: { notice: Notice }) => void notices.push(notice),
  };
  await withActivities(inject('temporalAddress'), 'restore', activities, async (run) => {
    const report = (await run.result()) as RestoreReport;
    expect(report.warnings).toEqual([
      ...warnings(20),
      { code: 'SHARD_GONE', message: 'The same is to be said of 5 more.' },
      ...atTheEnd,
    ]);
    expect(notices.map((notice) => notice.warnings)).toEqual([warnings(20)]);
    const page = await run.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    const [, listed = ''] = page.currentDetails.split('**Warnings**\n\n');
    expect(listed.split('\n')).toEqual([
      ...warnings(20).map(({ code, message }) => `- \`${code}\` ${message}`),
      '- … and 5 more',
    ]);
  });
});
