import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { attempt } from '../../activities/attempt/attempt.ts';
import type { Dependencies } from '../../activities/dependencies.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { givenSnapshot, withActivities } from '../support/given-activities.ts';
import { causeOf } from './world.ts';

const snapshot = givenSnapshot({
  timeouts: { heartbeat: 60_000, lockWait: 0, stall: 1_000, retryPause: 1, attempts: 100 },
});
/** How the run goes on is not asked here. */
const deps = {
  client: { workflow: { getHandle: () => ({ signal: () => Promise.resolve() }) } },
} as unknown as Dependencies;

const down = new HoldfastError('TARGET_UNREACHABLE', 'It is away.');
/** Believed at the third time. */
const unknown = new HoldfastError('HOST_UNKNOWN', 'It has no address.', { patience: { tries: 3 } });

test('what is believed after some times has come so often in a row, whatever failed before', async () => {
  const failures = [down, down, down, unknown, unknown, down, unknown, unknown, unknown];
  let tried = 0;
  const preflight = () =>
    attempt(deps, () => {
      tried += 1;
      return Promise.reject(failures[tried - 1] ?? down);
    });
  const activities = {
    resolveBackup: () => ({ snapshot, backup: 'a-backup', run: {}, warnings: [] }),
    preflight,
    discardBackup: () => ({ committed: null }),
  };
  await withActivities(inject('temporalAddress'), 'backup', activities, async (run) => {
    expect(await run.result().catch(causeOf)).toMatchObject({ type: 'HOST_UNKNOWN' });
  });
  expect(tried).toBe(failures.length);
});

test.each([
  [3, true],
  [1, false],
])(
  'what failed before a person reset the activity does not count (attempt %i)',
  async (number, last) => {
    const logger = new DefaultLogger('ERROR');
    const heartbeatDetails = { failed: { code: 'HOST_UNKNOWN', times: 2 } };
    const environment = new MockActivityEnvironment(
      { attempt: number, heartbeatDetails },
      { logger },
    );
    const failing = () => attempt(deps, () => Promise.reject(unknown));
    await expect(environment.run(failing)).rejects.toMatchObject({ nonRetryable: last });
  },
);
