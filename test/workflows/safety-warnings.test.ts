import { expect, inject, test } from 'vitest';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import { deferred } from '../pipeline/streams.ts';
import { givenSnapshot, withActivities } from '../support/given-activities.ts';
import { causeOf } from './world.ts';

const failed = (message: string) => () => {
  throw toApplicationFailure(new HoldfastError('JOB_FAILED', message));
};

const unknown = { code: 'VERSION_UNKNOWN', message: 'It calls its version "nightly".' };

const snapshot = givenSnapshot({
  target: 'articles',
  product: 'weaviate',
  kind: 'delegated',
  safetyBackup: true,
});
const job = {
  snapshot,
  destination: snapshot,
  backup: 'a-backup',
  run: {},
  request: {},
  warnings: [],
  safety: { snapshot, backup: 'the-safety', run: {}, warnings: [] },
};

test('each warning says whether it is about the safety backup or the whole restore', async () => {
  const cancelRefused = deferred();
  const activities = {
    resolveRestore: () => job,
    findRestoreBackup: () => job,
    lease: () => undefined,
    planRestore: () => ({ plan: { destructive: true, artifacts: 1, warnings: [] }, pages: [] }),
    // Asked before the safety backup and in it, of the same server.
    preflight: () => ({ identity: 'x', version: '1', warnings: [unknown] }),
    openBackup: () => undefined,
    startBackupJob: () => undefined,
    followBackupJob: async ({ round }: { round: number }) => {
      await cancelRefused.promise;
      return round === 1 ? failed('no space')() : { state: 'succeeded', words: 'SUCCESS' };
    },
    stopBackupJobs: failed('no answer'),
    checkBackupJob: () => ({ artifacts: 1, bytes: 1, warnings: [] }),
    commitBackup: () => ({ backup: 'the-safety', target: 'articles', state: 'ok', warnings: [] }),
    tidyBackup: () => undefined,
    cancelOwnWorkflow: failed('no way'),
    startRestoreJob: failed('no class'),
    stopRestoreJob: () => ({ removed: [], quarantined: [] }),
    releaseLease: () => undefined,
  };
  await withActivities(inject('temporalAddress'), 'restore', activities, async (run) => {
    const progress = () => run.query<Progress>('progress');
    await expect.poll(async () => (await progress()).phase).toMatch(/^safety backup: the product/);
    await run.signal('cancel');
    const codes = async () => (await progress()).warnings.map(({ code }) => code);
    await expect.poll(codes).toContain('CANCEL_FAILED');
    cancelRefused.resolve();
    expect(await run.result().catch(causeOf)).toMatchObject({ message: 'no class' });
    const { warnings } = await progress();
    const about = warnings.filter(({ message }) =>
      message.startsWith('Safety backup the-safety: '),
    );
    expect(about.map(({ code }) => code)).toEqual(['ROUND_FAILED', 'LEFTOVERS']);
    const others = warnings.filter((warning) => !about.includes(warning));
    expect(others.map(({ code }) => code)).toEqual([
      'VERSION_UNKNOWN',
      'CANCEL_ASKED',
      'CANCEL_FAILED',
      'SAFETY_BACKUP',
    ]);
  });
});
