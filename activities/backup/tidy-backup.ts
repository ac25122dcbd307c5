import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { backupFolder, WORK } from '../catalog/layout.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { abortUploadsBelow, removeBelow } from '../catalog/remove-below.ts';
import type { Dependencies } from '../dependencies.ts';
import { withStore } from '../workspace.ts';
import { removeStrays } from './remove-strays.ts';

export function tidyBackup(deps: Dependencies): Activities['tidyBackup'] {
  return ({ snapshot, backup }) =>
    attempt(deps, (at) =>
      withStore(deps, snapshot, async (store) => {
        const folder = backupFolder(snapshot.target, backup);
        // Attempts that were overtaken may have left uploads; a committed backup gets no further objects.
        await abortUploadsBelow(store, folder, at.signal);
        const manifest = await readManifest(store, snapshot.target, backup, at.signal);
        await removeStrays(store, manifest, at.signal);
        await removeBelow(store, folder + WORK, at.signal);
      }),
    );
}
