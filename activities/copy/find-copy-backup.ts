import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { newestBackup } from '../catalog/find-backup.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { namingOtherStores } from '../other-stores.ts';
import { withStore } from '../workspace.ts';

export function findCopyBackup(deps: Dependencies): Activities['findCopyBackup'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { target } = job.snapshot;
        const wanted = { target, store: store.name, backup: job.backup };
        const backup = await namingOtherStores(deps, wanted, () =>
          newestBackup(store, target, job.backup, at.signal),
        );
        const manifest = await readManifest(store, target, backup, at.signal);
        if (manifest.delegated) return { ...job, backup };
        throw new HoldfastError(
          'INPUT_INVALID',
          `Backup ${backup} of ${target} was streamed: its bytes are in store ${store.name} already.`,
          { hint: 'Only what a database wrote by itself is copied.' },
        );
      }),
    );
}
