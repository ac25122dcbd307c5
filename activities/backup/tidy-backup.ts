import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { backupFolder, WORK } from '../catalog/layout.ts';
import { removeBelow } from '../catalog/remove-below.ts';
import type { Dependencies } from '../dependencies.ts';
import { withStore } from '../workspace.ts';

export function tidyBackup(deps: Dependencies): Activities['tidyBackup'] {
  return ({ snapshot, backup }) =>
    attempt(deps, (at) =>
      withStore(deps, snapshot, (store) =>
        removeBelow(store, backupFolder(snapshot.target, backup) + WORK, at.signal),
      ),
    );
}
