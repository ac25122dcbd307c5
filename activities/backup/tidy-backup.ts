import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { COLLECTED } from '../catalog/collected.ts';
import { backupFolder, WORK } from '../catalog/layout.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { removeOwnWork } from '../catalog/remove-own-work.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';
import { removeStrays } from './remove-strays.ts';

export function tidyBackup(deps: Dependencies): Activities['tidyBackup'] {
  return ({ snapshot, backup }) =>
    attempt(deps, (at) =>
      withStore(deps, snapshot, async (store) => {
        const folder = backupFolder(snapshot.target, backup);
        if (!(await copyHasBegun(store, folder, at.signal))) {
          const manifest = await readManifest(store, snapshot.target, backup, at.signal);
          await removeStrays(store, manifest, at.signal);
        }
        await removeOwnWork(store, folder, at.signal);
      }),
    );
}

/** From then on the data are the copy's work, too: a late attempt of this one would remove it. */
async function copyHasBegun(store: Store, folder: string, signal: AbortSignal): Promise<boolean> {
  const works = await store.folders(folder + WORK, { signal });
  if (works.some((name) => name.startsWith('copy-'))) return true;
  return (await store.head(folder + COLLECTED, { signal })) !== undefined;
}
