import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { keepingLease } from '../locks/lease.ts';
import { withDestination, withStore } from '../workspace.ts';
import { backupReader } from './backup-reader.ts';
import { beginOnce } from './begin-once.ts';
import { keepingDamage } from './keeping-damage.ts';
import { readRestorePlan, readState, writeState } from './restore-in-store.ts';
import { announceAttempt, noteTakingAway, requireNewest } from './taking-away.ts';

export function prepareRestore(deps: Dependencies): Activities['prepareRestore'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        if (await readState(store, job, at.signal)) return;
        const number = await announceAttempt(store, job, at.number, at.signal);
        const plan = await readRestorePlan(store, job, at.signal);
        const backup = await backupReader(store, job, at.signal);
        const prepare = async () => {
          await beginOnce(deps, at, store, job, plan, backup);
          const state = await withDestination(at, job, (session) =>
            session.restore.prepare(plan, backup, () =>
              noteTakingAway(store, job, number, at.signal),
            ),
          );
          await requireNewest(store, job, number, at.signal);
          await writeState(store, job, state, at.signal);
        };
        await keepingLease(store, job, 'restore', at.signal, () =>
          keepingDamage(store, job, backup, at.signal, prepare),
        );
      }),
    );
}
