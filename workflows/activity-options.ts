import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { Activities } from './contract/activities.ts';
import type { TargetSnapshot, Timeouts } from './contract/snapshot.ts';

/**
 * Every time-out and retry in one table, per kind of activity. A worker that dies is noticed after one heartbeat
 * time-out; an attempt that fails is repeated with a growing pause for hours, because the night is long.
 */
const KINDS = {
  /** Questions with short answers. */
  ask: { startToCloseTimeout: '10 minutes' },
  /** Bytes on the move: as long as they move, they may. */
  move: { startToCloseTimeout: '7 days' },
  /** Ends by itself, when the time that it was given is over; heartbeats tell a dead worker. */
  wait: { startToCloseTimeout: '30 days' },
  /** The run is over; yet a worker that is busy with others for hours must not keep its end a secret. */
  tell: { startToCloseTimeout: '1 minute', scheduleToCloseTimeout: '6 hours' },
  /** Cleaning up after the end: an hour of trying, for it holds the lock and hides the outcome meanwhile. */
  clean: { startToCloseTimeout: '1 hour' },
} as const;

/** Of what ends sooner than the target's own number of attempts. Nine are some five minutes. */
const MOST_ATTEMPTS: Partial<Record<keyof typeof KINDS, number>> = { clean: 20, tell: 9 };
const LONGEST_PAUSE_OF_TELLING = '5 minutes';

/** Before the target is known: nothing is started yet, so a person who made a mistake hears it soon. */
const UNRESOLVED: Timeouts = {
  heartbeat: 15_000,
  lockWait: 0,
  stall: 0,
  retryPause: 60_000,
  attempts: 30,
};

/** The activities, with the summary that the Temporal UI shows beside the call. */
export function activities(
  kind: keyof typeof KINDS,
  summary: string,
  snapshot?: TargetSnapshot,
  activityId?: string,
): Activities {
  const timeouts = snapshot?.timeouts ?? UNRESOLVED;
  return proxyActivities<Activities & Record<keyof Activities, () => Promise<unknown>>>({
    ...KINDS[kind],
    ...(snapshot ? { taskQueue: snapshot.taskQueue } : {}),
    summary,
    ...(activityId ? { activityId } : {}),
    heartbeatTimeout: timeouts.heartbeat,
    // The default would let a cancelled activity run on unseen beside the cleaning up.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: Math.min(1_000, timeouts.retryPause),
      backoffCoefficient: 2,
      maximumInterval: kind === 'tell' ? LONGEST_PAUSE_OF_TELLING : timeouts.retryPause,
      maximumAttempts: Math.min(MOST_ATTEMPTS[kind] ?? timeouts.attempts, timeouts.attempts),
    },
  });
}

/** Needs none of the places that activities work in, so that a worker which has no more of them still hears a cancel. */
export const { cancelOwnWorkflow } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { initialInterval: 1_000, maximumInterval: UNRESOLVED.retryPause, maximumAttempts: 30 },
});
