import type { BackupJob } from '../../workflows/contract/activities.ts';
import { attempt, type Attempt } from '../attempt/attempt.ts';
import { backupFolder } from '../catalog/layout.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';

/** A backup that is being taken, as one attempt of an activity works at it. */
export interface UnderWay {
  deps: Dependencies;
  at: Attempt;
  job: BackupJob;
  store: Store;
  /** The key prefix of the backup, ending in `/`. */
  folder: string;
}

export function workingAt<T>(
  deps: Dependencies,
  job: BackupJob,
  work: (backup: UnderWay) => Promise<T>,
): Promise<T> {
  return attempt(deps, (at) =>
    withStore(deps, job.snapshot, (store) => {
      const folder = backupFolder(job.snapshot.target, job.backup);
      return work({ deps, at, job, store, folder });
    }),
  );
}
