import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withDestination, withStore } from '../workspace.ts';
import { readRestorePlan, readState } from './restore-in-store.ts';
import { hasTakenAway } from './taking-away.ts';

export function undoRestore(deps: Dependencies): Activities['undoRestore'] {
  return ({ job, keep }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const plan = await readRestorePlan(store, job, at.signal);
        const tookAway = await hasTakenAway(store, job, at.signal);
        const state = await readState(store, job, at.signal);
        return withDestination(at, job, (session) =>
          session.restore.undo(plan, keep, { state, tookAway }),
        );
      }),
    );
}
