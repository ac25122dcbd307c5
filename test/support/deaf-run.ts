import type { WorkflowHandle } from '@temporalio/client';
import { HoldfastError, toApplicationFailure } from '../../activities/failure.ts';
import { until } from '../faults/following.ts';
import { withActivities } from './given-activities.ts';

/** Of a pending activity, as Temporal numbers them. */
const CANCEL_REQUESTED = 3;

/** A backup whose activity fails by itself after a cancel was asked for, and before it heard of it. */
export async function deafRun(
  address: string,
  use: (run: WorkflowHandle) => Promise<void>,
): Promise<void> {
  let fail: (reason: Error) => void = () => undefined;
  const failing = new Promise<never>((_, reject) => (fail = reject));
  // It sends no heartbeat, and so hears nothing.
  await withActivities(address, 'backup', { resolveBackup: () => failing }, async (run) => {
    const pending = async () => (await run.describe()).raw.pendingActivities?.[0];
    await until('it runs', async () => Boolean((await pending())?.lastStartedTime));
    await run.cancel();
    const cancelled = async () => Number((await pending())?.state) === CANCEL_REQUESTED;
    await until('Temporal knows of the cancel', cancelled);
    fail(toApplicationFailure(new HoldfastError('SOURCE_STALLED', 'Nothing moved for 5 s.')));
    await use(run);
  });
}
