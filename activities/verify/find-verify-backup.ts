import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { newestBackup } from '../catalog/find-backup.ts';
import type { Dependencies } from '../dependencies.ts';
import { namingOtherStores } from '../other-stores.ts';
import { withStore } from '../workspace.ts';

/** Runs where the target's own activities run: its store may be seen from there alone. */
export function findVerifyBackup(deps: Dependencies): Activities['findVerifyBackup'] {
  return (job) =>
    attempt(deps, async (at) => ({
      ...job,
      backup: await withStore(deps, job.snapshot, (store) =>
        namingOtherStores(
          deps,
          { target: job.snapshot.target, store: store.name, backup: job.backup },
          () => newestBackup(store, job.snapshot.target, job.backup, at.signal),
        ),
      ),
    }));
}
