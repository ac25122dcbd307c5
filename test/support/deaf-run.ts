import type { WorkflowHandle } from '@temporalio/client';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import { until } from '../faults/following.ts';
import { givenSnapshot, withActivities } from './given-activities.ts';

/** Of a pending activity, as Temporal numbers them. */
const CANCEL_REQUESTED = 3;

/** Cancels a run while an activity is under way that sends no heartbeat, and so hears nothing of it. */
export async function cancelUnheard(run: WorkflowHandle, activity: string): Promise<void> {
  const pending = async () =>
    (await run.describe()).raw.pendingActivities?.find(
      ({ activityType }) => activityType?.name === activity,
    );
  await until('it runs', async () => Boolean((await pending())?.lastStartedTime));
  await run.cancel();
  const cancelled = async () => Number((await pending())?.state) === CANCEL_REQUESTED;
  await until('Temporal knows of the cancel', cancelled);
}

/** A backup whose activity fails by itself after a cancel was asked for, and before it heard of it. */
export async function deafRun(
  address: string,
  use: (run: WorkflowHandle) => Promise<void>,
): Promise<void> {
  let fail: (reason: Error) => void = () => undefined;
  const failing = new Promise<never>((_, reject) => (fail = reject));
  await withActivities(address, 'backup', { resolveBackup: () => failing }, async (run) => {
    await cancelUnheard(run, 'resolveBackup');
    fail(toApplicationFailure(new HoldfastError('SOURCE_STALLED', 'Nothing moved for 5 s.')));
    await use(run);
  });
}

/** One whose last page is done after a cancel was asked for, and before it heard of it. */
export async function doneUnheard(
  address: string,
  use: (run: WorkflowHandle, done: readonly string[]) => Promise<void>,
): Promise<void> {
  let end: (moved: object) => void = () => undefined;
  const moving = new Promise<object>((resolve) => (end = resolve));
  const done: string[] = [];
  const activities = {
    resolveBackup: () => ({
      snapshot: givenSnapshot({}),
      backup: 'a-backup',
      run: {},
      warnings: [],
    }),
    preflight: () => ({ identity: 'x', version: '1', warnings: [] }),
    openBackup: () => undefined,
    captureBackup: () => ({ artifacts: 1, bytes: 1, pages: [1], warnings: [] }),
    transferPage: () => moving,
    commitBackup: () => void done.push('committed'),
    discardBackup: () => {
      done.push('discarded');
      return { committed: null };
    },
  };
  await withActivities(address, 'backup', activities, async (run) => {
    await cancelUnheard(run, 'transferPage');
    end({ artifacts: 1, bytes: 1 });
    await use(run, done);
  });
}
