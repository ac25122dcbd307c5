import { hostname } from 'node:os';
import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { putOnce, toJson } from '../catalog/json.ts';
import { backupFolder, RUN } from '../catalog/layout.ts';
import type { Dependencies } from '../dependencies.ts';
import { sealerOf, withStore } from '../workspace.ts';

export function openBackup(deps: Dependencies): Activities['openBackup'] {
  return ({ snapshot, backup, run, startedAt }) =>
    attempt(deps, async (at) => {
      const sealer = await sealerOf(snapshot);
      await sealer?.selfTest();
      await withStore(deps, snapshot, (store) =>
        putOnce(
          store,
          backupFolder(snapshot.target, backup) + RUN,
          toJson({ ...run, startedAt, host: hostname() }),
          at.signal,
        ),
      );
    });
}
