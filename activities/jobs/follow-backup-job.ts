import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withStore } from '../workspace.ts';
import { followJob } from './follow-job.ts';
import { JobProgress } from './job-progress.ts';
import { acceptedAt, recordOf } from './job-record.ts';
import { JOB_PATIENCE_MS } from './patience.ts';
import { withJob } from './with-job.ts';

export function followBackupJob(deps: Dependencies): Activities['followBackupJob'] {
  return ({ job, round }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { snapshot } = job;
        const record = await recordOf(store, job, round, at.signal);
        const { name } = record;
        const since = (await acceptedAt(store, job, round, at.signal)) ?? record.since;
        return withJob(deps, at, snapshot, record, ({ backup }, storage) =>
          followJob(at, {
            subject: `backup ${name} of ${snapshot.target}`,
            poll: () => backup.poll(name),
            pauseMs: (elapsedMs) => backup.pauseMs(elapsedMs),
            since: new Date(since),
            patienceMs: snapshot.timeouts.job ?? JOB_PATIENCE_MS,
            progress: new JobProgress(storage, backup.prefix(name)),
          }),
        );
      }),
    );
}
