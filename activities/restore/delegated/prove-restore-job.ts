import type { Activities } from '../../../workflows/contract/activities.ts';
import { attempt } from '../../attempt/attempt.ts';
import type { Dependencies } from '../../dependencies.ts';
import { keepingLease } from '../../locks/lease.ts';
import { withDelegatedDestination, withStore } from '../../workspace.ts';
import { backupReader } from '../backup-reader.ts';
import { keepingDamage } from '../keeping-damage.ts';
import { readRestorePlan, readState } from '../restore-in-store.ts';
import { delegatedBackup } from './delegated-backup.ts';
import { plannedJob } from './plan-delegated.ts';

export function proveRestoreJob(deps: Dependencies): Activities['proveRestoreJob'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const plan = plannedJob(await readRestorePlan(store, job, at.signal));
        const state = (await readState(store, job, at.signal)) ?? {};
        const reader = await backupReader(store, job, at.signal);
        const backup = delegatedBackup(store, job, reader, at.signal);
        const prove = () =>
          withDelegatedDestination(deps, at, job, ({ restore }) =>
            restore.prove(plan, state, backup, (counts) => Object.assign(at.figures, counts)),
          );
        return keepingLease(store, job, 'restore', at.signal, () =>
          keepingDamage(store, job, reader, at.signal, prove),
        );
      }),
    );
}
