import {
  CancellationScope,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  patched,
  sleep,
  startChild,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { activities } from './activity-options.ts';
import type { LockHolder } from './contract/activities.ts';
import type { TargetSnapshot } from './contract/snapshot.ts';
import { failure } from './failure.ts';
import { lock, releaseSignal } from './lock.ts';
import type { Run } from './run.ts';
import { LockHeld } from './skipped.ts';

type Lock = ChildWorkflowHandle<typeof lock>;

/** Does the work while it holds every lock of the target. Losing one (somebody ended it by hand) stops the work. */
export async function holding<T>(
  run: Run,
  snapshot: TargetSnapshot,
  work: () => Promise<T>,
): Promise<T> {
  const taken: Lock[] = [];
  const scope = new CancellationScope();
  let releasing = false;
  let lost = '';
  try {
    for (const id of snapshot.locks) {
      const child = await take(run, id, snapshot);
      taken.push(child);
      const onEnd = () => {
        if (releasing) return;
        lost = id;
        scope.cancel();
      };
      child.result().then(onEnd, onEnd);
    }
    return await scope.run(work);
  } catch (error) {
    throw lost ? lockLost(run, lost) : error;
  } finally {
    releasing = true;
    await CancellationScope.nonCancellable(() => Promise.all(taken.map(release)));
  }
}

/** Temporal ends the lock of a run that somebody resets, and the run that goes on with its history hears of it. */
function lockLost(run: Run, id: string): Error {
  if (!run.wasReset) {
    return failure('LOCK_LOST', `The lock ${id} was ended from outside, so the run stopped.`);
  }
  const { operation, job } = run;
  const ofBackup = operation === 'delete' && job?.backup ? ` of backup ${job.backup}` : '';
  return failure(
    'RUN_RESET',
    'This run was reset in Temporal, so nothing more is done in it. ' +
      `Start the \`${operation}\`${ofBackup} again as it was started.`,
  );
}

async function take(run: Run, id: string, snapshot: TargetSnapshot): Promise<Lock> {
  const { heartbeat: heartbeatMs, lockWait } = snapshot.timeouts;
  let state = await activities('ask', id, snapshot).lookAtLock({ lock: id, heartbeatMs });
  const until = Date.now() + lockWait;
  let waitMs = lockWait;
  for (;;) {
    const child = state.holder ? null : await tryStart(run, id);
    if (child) {
      if (state.fenceMs > 0) {
        // A cancel meanwhile does not release the lock: closed with the run, it has whoever is next wait as long.
        run.enter('letting the last holder’s activities end');
        await sleep(state.fenceMs, { summary: `fencing ${id}` });
      }
      run.waitFor(undefined);
      return child;
    }
    if (state.holder && waitMs <= 0) throw new LockHeld(id, state.holder);
    if (state.holder) run.waitFor(state.holder.workflowId);
    state = await activities('wait', `waiting for ${id}`, snapshot).waitForLock({
      lock: id,
      heartbeatMs,
      waitMs,
    });
    // Free, and perhaps somebody else is quicker again: then only the rest of the time is left.
    waitMs = state.holder ? 0 : Math.max(0, until - Date.now());
  }
}

async function tryStart(run: Run, id: string): Promise<Lock | null> {
  const holder: LockHolder = {
    operation: run.operation,
    workflowId: workflowInfo().workflowId,
    since: new Date().toISOString(),
  };
  try {
    // Not cancellable: a cancel of the operation must not drop its lock before it has cleaned up.
    return await CancellationScope.nonCancellable(() =>
      startChild(lock, {
        workflowId: id,
        args: [holder],
        memo: { ...holder },
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        staticSummary: `held by ${holder.workflowId}`,
      }),
    );
  } catch (error) {
    // The class is not exported to workflows; the name is its identity.
    if (error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')
      return null;
    throw error;
  }
}

/** Waits until the lock is closed: one that its parent's end closes looks like that of a holder that died. */
async function release(child: Lock): Promise<void> {
  try {
    await child.signal(releaseSignal);
    await child.result();
  } catch {
    // It was ended from outside; or this run was reset, and Temporal takes the lock for the child of the run before it.
    if (patched('release-after-reset')) await releaseAsStranger(child);
  }
}

async function releaseAsStranger({ workflowId, firstExecutionRunId }: Lock): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId, firstExecutionRunId).signal(releaseSignal);
  } catch {
    // Released is released.
  }
}
