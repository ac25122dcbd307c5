import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { backupFolder, DELETING, MANIFEST } from '../catalog/layout.ts';
import { removeBelow } from '../catalog/remove-below.ts';
import type { Dependencies } from '../dependencies.ts';
import type { StoredObject } from '../stores/store.ts';
import { withStore } from '../workspace.ts';
import { takenBackIfWhole } from './taken-back-if-whole.ts';

/** In this order, so that wherever it stops, what is left is never taken for a backup. */
const LAST = [MANIFEST, DELETING];

export function removeBackup(deps: Dependencies): Activities['removeBackup'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const folder = backupFolder(job.snapshot.target, job.backup);
        const last = LAST.map((name) => folder + name);
        const { figures, signal } = at;
        const seen = ({ key, bytes }: StoredObject) => {
          if (key === folder + DELETING) return;
          figures.artifacts += 1;
          figures.bytes += bytes;
        };
        const remove = () => removeBelow(store, folder, signal, { seen, last });
        // What a product wrote is gone by then.
        if (job.product !== undefined) await remove();
        else await takenBackIfWhole(deps, job, at, { store, prefix: folder }, remove);
        return { objects: figures.artifacts, bytes: figures.bytes };
      }),
    );
}
