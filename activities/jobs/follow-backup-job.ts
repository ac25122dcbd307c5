import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withDelegated, withStore } from '../workspace.ts';
import { followJob } from './follow-job.ts';
import { JobProgress } from './job-progress.ts';
import { recordOf } from './job-record.ts';
import { JOB_PATIENCE_MS } from './patience.ts';

export function followBackupJob(deps: Dependencies): Activities['followBackupJob'] {
  return ({ job, round }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, (store) =>
        withDelegated(deps, at, job.snapshot, async ({ backup }, storage) => {
          const { name, since } = await recordOf(store, job, round, at.signal);
          return followJob(at, {
            subject: `backup ${name} of ${job.snapshot.target}`,
            poll: () => backup.poll(name),
            pauseMs: (elapsedMs) => backup.pauseMs(elapsedMs),
            since: new Date(since),
            patienceMs: job.snapshot.timeouts.job ?? JOB_PATIENCE_MS,
            progress: new JobProgress(storage, backup.prefix(name)),
          });
        }),
      ),
    );
}
