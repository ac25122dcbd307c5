import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Activities, LockState } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { describeRun, endOrphan, isOrphaned } from './orphaned-lock.ts';

/** How a lock ends that its holder released; every other end leaves activities that may still run. */
const RELEASED = 'COMPLETED';
const LOOK_EVERY_MS = 500;

export function lookAtLock(deps: Dependencies): Activities['lookAtLock'] {
  return ({ lock, heartbeatMs }) =>
    attempt(deps, () => look(deps, lock, heartbeatMs, temporalClock()));
}

export function waitForLock(deps: Dependencies): Activities['waitForLock'] {
  return (request) => attempt(deps, (at) => untilFree(deps, at, request));
}

/**
 * Looks until the lock is free or the time is over.
 * @param onHeld told of whoever holds it, each time
 */
export async function untilFree(
  deps: Dependencies,
  at: Pick<Attempt, 'signal'>,
  { lock, heartbeatMs, waitMs }: { lock: string; heartbeatMs: number; waitMs: number },
  onHeld?: (holder: LockHolder) => void,
): Promise<LockState> {
  const { info } = Context.current();
  const now = temporalClock();
  // An attempt after a worker that died goes on waiting; it does not begin again.
  const waited = info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs;
  const until = performance.now() + waitMs - waited;
  for (;;) {
    const state = await look(deps, lock, heartbeatMs, now);
    const left = until - performance.now();
    if (!state.holder || left <= 0) return state;
    onHeld?.(state.holder);
    await sleep(Math.max(1, Math.min(LOOK_EVERY_MS, left)), undefined, { signal: at.signal });
  }
}

/** Who holds a lock now. */
export async function holderOf(client: Client, lock: string): Promise<LockHolder | null> {
  const found = await describeRun(client, lock);
  if (found?.status.name !== 'RUNNING' || (await isOrphaned(client, found))) return null;
  return holderIn(found, lock);
}

type LockHolder = NonNullable<LockState['holder']>;

async function look(
  deps: Dependencies,
  lock: string,
  heartbeatMs: number,
  now: () => number,
): Promise<LockState> {
  const found = await describeRun(deps.client, lock);
  if (!found) return { holder: null, fenceMs: 0 };
  if (found.status.name === 'RUNNING') {
    if (!(await isOrphaned(deps.client, found)))
      return { holder: holderIn(found, lock), fenceMs: 0 };
    await endOrphan(deps.client, found);
    return look(deps, lock, heartbeatMs, now);
  }
  const endedAt = found.closeTime?.getTime() ?? now();
  const badly = found.status.name !== RELEASED;
  // Our clock may be behind by all the time that this attempt waited for a worker; the lock has ended by now.
  const elapsedMs = Math.max(0, now() - endedAt);
  return { holder: null, fenceMs: badly ? Math.max(0, heartbeatMs - elapsedMs) : 0 };
}

/** The run of a workflow that is its newest one; undefined when Temporal knows none. */
export async function newestRunOf(client: Client, workflowId: string): Promise<string | undefined> {
  return (await describeRun(client, workflowId))?.runId;
}

function holderIn(found: WorkflowExecutionDescription, lock: string): LockHolder {
  return {
    workflowId: noted(found, 'workflowId') ?? lock,
    operation: noted(found, 'operation') ?? 'unknown',
    since: noted(found, 'since') ?? found.startTime.toISOString(),
  };
}

/** What the holder wrote into the memo of its lock. */
function noted({ memo }: WorkflowExecutionDescription, field: string): string | undefined {
  const value: unknown = memo?.[field];
  return typeof value === 'string' ? value : undefined;
}

/**
 * Temporal's clock, as far as this attempt knows it: never ahead, so that a worker whose own clock is does not cut the
 * fence short. Locks are closed by that clock.
 */
function temporalClock(): () => number {
  const { currentAttemptScheduledTimestampMs: scheduled } = Context.current().info;
  const began = performance.now();
  return () => scheduled + (performance.now() - began);
}
