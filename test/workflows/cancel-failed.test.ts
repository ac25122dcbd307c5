import { Context } from '@temporalio/activity';
import { expect, inject, test } from 'vitest';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import { withActivities } from '../support/given-activities.ts';

test('a run that may not cancel itself goes on, and says so', async () => {
  const denied = new HoldfastError('PERMISSION_MISSING', 'This worker may cancel no workflow.');
  const activities = {
    resolveBackup: async () => {
      const beat = setInterval(() => Context.current().heartbeat(), 500);
      await Context.current().cancelled.finally(() => clearInterval(beat));
    },
    cancelOwnWorkflow: () => Promise.reject(toApplicationFailure(denied)),
  };
  await withActivities(inject('temporalAddress'), 'backup', activities, async (run) => {
    await run.signal('cancel', { reason: 'no longer needed' });
    await expect
      .poll(async () => JSON.stringify((await run.query<object>('progress')) ?? {}))
      .toContain('This worker may cancel no workflow.');
    expect((await run.describe()).status.name).toBe('RUNNING');
    await run.cancel();
    await expect(run.result()).rejects.toThrow();
    expect((await run.describe()).status.name).toBe('CANCELLED');
  });
});
