import type { Activities } from '../../../workflows/contract/activities.ts';
import { attempt } from '../../attempt/attempt.ts';
import type { Dependencies } from '../../dependencies.ts';
import { keepingLease } from '../../locks/lease.ts';
import { withDelegatedDestination, withStore } from '../../workspace.ts';
import { backupReader } from '../backup-reader.ts';
import { beginOnce } from '../begin-once.ts';
import { keepingDamage } from '../keeping-damage.ts';
import {
  begunAt,
  readRestorePlan,
  readState,
  workFolder,
  writeState,
} from '../restore-in-store.ts';
import { noteAccepted } from './accepted.ts';
import { delegatedBackup } from './delegated-backup.ts';
import { plannedJob } from './plan-delegated.ts';
import { requestNotes, withAsked } from './request-notes.ts';
import { requireStaged } from './require-staged.ts';

export function startRestoreJob(deps: Dependencies): Activities['startRestoreJob'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        if (await readState(store, job, at.signal)) return;
        const plan = await readRestorePlan(store, job, at.signal);
        const reader = await backupReader(store, job, at.signal);
        const start = async () => {
          const state = await withDelegatedDestination(deps, at, job, async (session, storage) => {
            const work = workFolder(job);
            const planned = await withAsked(store, work, plannedJob(plan), at.signal);
            if (!(await begunAt(store, job, at.signal))) {
              const backup = delegatedBackup(store, job, reader, at.signal);
              await requireStaged(storage, session, backup, planned, at.signal);
            }
            const since = await beginOnce(deps, at, store, job, plan, reader);
            const notes = requestNotes(store, work, at.number, at.signal);
            return session.restore.start(planned, since, notes);
          });
          await noteAccepted(store, job, at.signal);
          await writeState(store, job, state, at.signal);
        };
        await keepingLease(store, job, 'restore', at.signal, () =>
          keepingDamage(store, job, reader, at.signal, start),
        );
      }),
    );
}
