import type { Activities } from '../../../workflows/contract/activities.ts';
import { attempt } from '../../attempt/attempt.ts';
import type { Dependencies } from '../../dependencies.ts';
import { followJob } from '../../jobs/follow-job.ts';
import { JOB_PATIENCE_MS } from '../../jobs/patience.ts';
import { keepingLease } from '../../locks/lease.ts';
import { withDelegatedDestination, withStore } from '../../workspace.ts';
import { begunAt, readRestorePlan, readState, workFolder } from '../restore-in-store.ts';
import { acceptedAt } from './accepted.ts';
import { plannedJob } from './plan-delegated.ts';

export function followRestoreJob(deps: Dependencies): Activities['followRestoreJob'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { destination } = job;
        const plan = plannedJob(await readRestorePlan(store, job, at.signal));
        const state = (await readState(store, job, at.signal)) ?? {};
        const since =
          (await acceptedAt(store, workFolder(job), at.signal)) ??
          (await begunAt(store, job, at.signal));
        return keepingLease(store, job, 'restore', at.signal, () =>
          withDelegatedDestination(deps, at, job, ({ restore }) =>
            followJob(at, {
              subject: `restore of ${plan.name} into ${destination.target}`,
              poll: () => restore.poll(plan, state),
              pauseMs: (elapsedMs) => restore.pauseMs(elapsedMs),
              since: since ?? new Date(job.startedAt),
              patienceMs: destination.timeouts.job ?? JOB_PATIENCE_MS,
            }),
          ),
        );
      }),
    );
}
