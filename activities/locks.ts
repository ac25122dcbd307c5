import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type WorkflowExecutionDescription } from '@temporalio/client';
import type { Activities, LockState } from '../workflows/contract/activities.ts';
import { attempt } from './attempt.ts';
import type { Dependencies } from './dependencies.ts';

/** How a lock ends that its holder released; every other end leaves activities that may still run. */
const RELEASED = 'COMPLETED';
const LOOK_EVERY_MS = 500;

export function lookAtLock(deps: Dependencies): Activities['lookAtLock'] {
  return ({ lock, heartbeatMs }) => attempt(deps, () => look(deps, lock, heartbeatMs));
}

export function waitForLock(deps: Dependencies): Activities['waitForLock'] {
  return ({ lock, heartbeatMs, waitMs }) =>
    attempt(deps, async (at) => {
      const until = Date.now() + waitMs;
      for (;;) {
        const state = await look(deps, lock, heartbeatMs);
        if (!state.holder || Date.now() >= until) return state;
        await sleep(Math.min(LOOK_EVERY_MS, Math.max(1, until - Date.now())), undefined, {
          signal: at.signal,
        });
      }
    });
}

async function look(deps: Dependencies, lock: string, heartbeatMs: number): Promise<LockState> {
  let found: WorkflowExecutionDescription;
  try {
    found = await deps.client.workflow.getHandle(lock).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { holder: null, fenceMs: 0 };
    throw error;
  }
  if (found.status.name === 'RUNNING') {
    return {
      holder: {
        workflowId: noted(found, 'workflowId') ?? lock,
        operation: noted(found, 'operation') ?? 'unknown',
        since: noted(found, 'since') ?? found.startTime.toISOString(),
      },
      fenceMs: 0,
    };
  }
  const endedAt = found.closeTime?.getTime() ?? Date.now();
  const badly = found.status.name !== RELEASED;
  return { holder: null, fenceMs: badly ? Math.max(0, endedAt + heartbeatMs - Date.now()) : 0 };
}

/** What the holder wrote into the memo of its lock. */
function noted({ memo }: WorkflowExecutionDescription, field: string): string | undefined {
  const value: unknown = memo?.[field];
  return typeof value === 'string' ? value : undefined;
}
