import { Context } from '@temporalio/activity';
import { expect, inject, test } from 'vitest';
import { givenSnapshot, withActivities } from '../support/given-activities.ts';
import { causeOf } from './world.ts';

const snapshot = givenSnapshot({
  timeouts: { heartbeat: 500, lockWait: 0, stall: 1_000, retryPause: 10, attempts: 2 },
});

test('a step whose every worker dies ends the run with a sentence about workers', async () => {
  let tries = 0;
  const activities = {
    resolveBackup: () => ({ snapshot, backup: 'a-backup', run: {}, warnings: [] }),
    // As one whose process was killed: neither a heartbeat nor an answer comes of it.
    preflight: () => {
      tries += 1;
      return Context.current().cancelled;
    },
    discardBackup: () => ({ committed: null }),
  };
  await withActivities(inject('temporalAddress'), 'backup', activities, async (run) => {
    expect(await run.result().catch(causeOf)).toMatchObject({
      type: 'WORKER_SHUTDOWN',
      message: expect.stringMatching(
        /^The step preflight was given up: each worker .* died/,
      ) as string,
      details: [{ fault: 'environment', hint: expect.stringContaining('workers die') as string }],
    });
    expect(tries).toBe(2);
  });
});
