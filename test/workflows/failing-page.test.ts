import { Context } from '@temporalio/activity';
import { expect, inject, test } from 'vitest';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import { deferred } from '../pipeline/streams.ts';
import { givenSnapshot, withActivities } from '../support/given-activities.ts';
import { causeOf } from './world.ts';

const snapshot = givenSnapshot({
  limits: { concurrency: 2 },
  timeouts: { heartbeat: 5_000, lockWait: 0, stall: 1_000, retryPause: 10, attempts: 1 },
});

test('a page that fails for good ends the one beside it, before anything is cleaned up', async () => {
  const stalling = deferred();
  const ended: string[] = [];
  const stall = async () => {
    const beat = setInterval(() => Context.current().heartbeat(), 100);
    stalling.resolve();
    try {
      await Context.current().cancelled;
    } finally {
      clearInterval(beat);
      ended.push('the page beside it');
    }
  };
  const activities = {
    resolveBackup: () => ({ snapshot, backup: 'a-backup', run: {}, warnings: [] }),
    preflight: () => ({ identity: 'x', version: '1', warnings: [] }),
    openBackup: () => undefined,
    captureBackup: () => ({ artifacts: 2, bytes: 2, pages: [1, 1], warnings: [] }),
    transferPage: async ({ page }: { page: number }) => {
      if (page === 0) return stall();
      await stalling.promise;
      throw toApplicationFailure(new HoldfastError('SOURCE_GARBLED', 'no tar'));
    },
    discardBackup: () => {
      ended.push('cleaning up');
      return { committed: null };
    },
  };
  await withActivities(inject('temporalAddress'), 'backup', activities, async (run) => {
    const status = async () => (await run.describe()).status.name;
    await expect.poll(status).toBe('FAILED');
    expect(await run.result().catch(causeOf)).toMatchObject({ type: 'SOURCE_GARBLED' });
    expect(ended).toEqual(['the page beside it', 'cleaning up']);
  });
});
