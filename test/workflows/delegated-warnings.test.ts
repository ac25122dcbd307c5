import { expect, inject, test } from 'vitest';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import type { Notice } from '../../workflows/contract/notice.ts';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { givenSnapshot, withActivities } from '../support/given-activities.ts';
import { causeOf } from './world.ts';

const warning = (code: string) => ({ code, message: `${code} of the night` });
const failed = () => {
  throw toApplicationFailure(new HoldfastError('JOB_FAILED', 'no space'));
};

const snapshot = givenSnapshot({
  target: 'articles',
  product: 'weaviate',
  kind: 'delegated',
  notify: [{ webhook: { env: 'NOBODY' }, on: ['warned'] }],
});

test('the result of a backup warns of all that its page and its webhooks tell, and of each once', async () => {
  const notices: Notice[] = [];
  const own = [warning('OF_THE_CONFIGURATION')];
  const asked = [warning('OF_PREFLIGHT')];
  const activities = {
    resolveBackup: () => ({ snapshot, backup: 'a-backup', run: {}, warnings: own }),
    preflight: () => ({ identity: 'x', version: '1', warnings: asked }),
    openBackup: () => undefined,
    startBackupJob: () => undefined,
    followBackupJob: ({ round }: { round: number }) =>
      round < 3 ? failed() : { state: 'succeeded', words: 'SUCCESS' },
    stopBackupJobs: failed,
    checkBackupJob: () => ({
      artifacts: 1,
      bytes: 1,
      stored: { artifacts: 1, bytes: 1 },
      warnings: [warning('OF_THE_CHECK')],
    }),
    commitBackup: () => ({
      backup: 'a-backup',
      storedBytes: 1,
      warnings: [...own, ...asked, warning('OF_THE_COMMIT')],
    }),
    tidyBackup: failed,
    notify: ({ notice }: { notice: Notice }) => {
      notices.push(notice);
    },
  };
  await withActivities(inject('temporalAddress'), 'backup', activities, async (run) => {
    const report = (await run.result()) as BackupReport;
    const { warnings } = await run.query<Progress>('progress');
    expect(report.warnings.map(({ code }) => code).toSorted()).toEqual([
      'FAILED_AFTER_COMMIT',
      'LEFTOVERS',
      'OF_PREFLIGHT',
      'OF_THE_CHECK',
      'OF_THE_COMMIT',
      'OF_THE_CONFIGURATION',
      'ROUND_FAILED',
      'ROUND_FAILED',
    ]);
    expect(notices.map((notice) => notice.warnings)).toEqual([warnings]);
    expect(new Set(report.warnings)).toEqual(new Set(warnings));
    expect(report.warnings).toHaveLength(warnings.length);
  });
});

test('where the removal at the product has begun, the rest is no backup any more', async () => {
  const left: { begun?: boolean }[] = [];
  const activities = {
    resolveBackup: () => ({ snapshot, backup: 'a-backup', run: {}, warnings: [] }),
    preflight: failed,
    stopBackupJobs: () => ({ warnings: [], begun: true }),
    discardBackup: (job: { begun?: boolean }) => {
      left.push(job);
      return { committed: null };
    },
    notify: () => undefined,
  };
  await withActivities(inject('temporalAddress'), 'backup', activities, async (run) => {
    expect(await run.result().catch(causeOf)).toMatchObject({ type: 'JOB_FAILED' });
  });
  expect(left).toEqual([expect.objectContaining({ backup: 'a-backup', begun: true })]);
});
