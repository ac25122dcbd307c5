import type { Activities } from '../../workflows/contract/activities.ts';
import type { CopyRequest } from '../../workflows/contract/operations.ts';
import { attempt } from '../attempt.ts';
import { newestBackup } from '../catalog/find-backup.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import { snapshotOf } from '../config/config.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { copyRequest, parseRequest } from '../requests.ts';
import { runFacts, searchWarning } from '../resolve.ts';
import { withStore } from '../workspace.ts';

export function resolveCopy(deps: Dependencies): Activities['resolveCopy'] {
  return ({ input }) =>
    attempt(deps, async (at) => {
      const request = parseRequest<CopyRequest>('copy', copyRequest, input);
      const { target, to } = request;
      const snapshot = snapshotOf(await deps.loadConfig(), target);
      if (to !== undefined && to !== snapshot.store.name) {
        throw new HoldfastError(
          'INPUT_INVALID',
          `A copy goes to the store of its target: that of ${target} is ${snapshot.store.name}, not ${to}.`,
        );
      }
      const backup = await withStore(deps, snapshot, async (store) => {
        const id = await newestBackup(store, target, request.backup ?? 'latest', at.signal);
        const manifest = await readManifest(store, target, id, at.signal);
        if (manifest.delegated) return id;
        throw new HoldfastError(
          'INPUT_INVALID',
          `Backup ${id} of ${target} was streamed: its bytes are in store ${store.name} already.`,
          { hint: 'Only what a database wrote by itself is copied.' },
        );
      });
      const facts = await runFacts(deps);
      return { ...facts, snapshot, backup, warnings: searchWarning(facts) };
    });
}
