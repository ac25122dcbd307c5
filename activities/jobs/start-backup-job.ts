import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import type { DelegatedSession } from '../products/delegated.ts';
import { withDelegated, withStore } from '../workspace.ts';
import { findJob, jobName, noteBegun, noteJob } from './job-record.ts';
import { previousBackup } from './previous-backup.ts';
import { withJob } from './with-job.ts';

/** The record is written first: a product's backup that nobody knows of would stay for ever. */
export function startBackupJob(deps: Dependencies): Activities['startBackupJob'] {
  return ({ job, round, identity }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const previous = await previousBackup(store, job, at.signal);
        const noted = await findJob(store, job, round, at.signal);
        const begin = async (session: DelegatedSession) => {
          const name = jobName(job, round);
          const { since } =
            noted ??
            (await noteJob(
              store,
              job,
              round,
              {
                name,
                observed: await session.backup.observe(),
                since: new Date().toISOString(),
              },
              at.signal,
            ));
          await session.backup.start(name, new Date(since));
          await noteBegun(store, job, round, at.signal);
        };
        const { snapshot } = job;
        if (noted) await withJob(deps, at, snapshot, noted, begin, previous);
        else await withDelegated(deps, at, snapshot, begin, { previous, identity });
      }),
    );
}
