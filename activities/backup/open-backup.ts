import { hostname } from 'node:os';
import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { putOnce, readJson, toJson } from '../catalog/json.ts';
import { backupFolder, RUN } from '../catalog/layout.ts';
import type { Claim } from '../catalog/leftovers.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { sealerOf, withStore } from '../workspace.ts';
import { refuseBlankStore } from './refuse-blank-store.ts';

/** Writes down whose the folder is. @throws COMMIT_CONFLICT when it is another run's, STORE_BUCKET_MISSING when its disk seems to be away */
export function openBackup(deps: Dependencies): Activities['openBackup'] {
  return ({ snapshot, backup, run, startedAt }) =>
    attempt(deps, async (at) => {
      const sealer = await sealerOf(snapshot);
      await sealer?.selfTest();
      await withStore(deps, snapshot, async (store) => {
        await refuseBlankStore(deps, store, snapshot, at.signal);
        const key = backupFolder(snapshot.target, backup) + RUN;
        const claim = toJson({ ...run, startedAt, host: hostname() });
        if (await putOnce(store, key, claim, at.signal)) return;
        const holder = (await readJson(store, key, at.signal)) as Partial<Claim>;
        if (holder.runId === run.runId) return;
        throw new HoldfastError(
          'COMMIT_CONFLICT',
          `The id ${backup} of ${snapshot.target} in store ${store.name} belongs to another run, ${holder.workflowId ?? 'of which nothing is known'}.`,
        );
      });
    });
}
