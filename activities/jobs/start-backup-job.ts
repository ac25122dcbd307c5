import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { DelegatedSession } from '../products/delegated.ts';
import { withDelegated, withStore } from '../workspace.ts';
import { findJob, jobName, noteForeign, noteJob } from './job-record.ts';
import { previousBackup } from './previous-backup.ts';

/** The record is written first: a product's backup that nobody knows of would stay for ever. */
export function startBackupJob(deps: Dependencies): Activities['startBackupJob'] {
  return ({ job, round }) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const previous = await previousBackup(store, job, at.signal);
        const begin = async (session: DelegatedSession) => {
          const name = jobName(job, round);
          const { since } =
            (await findJob(store, job, round, at.signal)) ??
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
          try {
            await session.backup.start(name, new Date(since));
          } catch (error) {
            if (error instanceof HoldfastError && error.code === 'JOB_NAME_TAKEN') {
              await noteForeign(store, job, round, at.signal);
            }
            throw error;
          }
        };
        await withDelegated(deps, at, job.snapshot, begin, undefined, previous);
      }),
    );
}
