import type { Activities } from '../workflows/contract/activities.ts';
import type { VerifyRequest } from '../workflows/contract/operations.ts';
import { attempt } from './attempt.ts';
import { newestBackup } from './catalog/find-backup.ts';
import { snapshotOf } from './config/config.ts';
import type { Dependencies } from './dependencies.ts';
import { parseRequest, verifyRequest } from './requests.ts';
import { runFacts, searchWarning } from './resolve.ts';
import { withStore } from './workspace.ts';

export function resolveVerify(deps: Dependencies): Activities['resolveVerify'] {
  return ({ input }) =>
    attempt(deps, async (at) => {
      const request = parseRequest<VerifyRequest>('verify', verifyRequest, input);
      const snapshot = snapshotOf(await deps.loadConfig(), request.target);
      const backup = await withStore(deps, snapshot, (store) =>
        newestBackup(store, request.target, request.backup ?? 'latest', at.signal),
      );
      const facts = await runFacts(deps);
      return {
        ...facts,
        snapshot,
        backup,
        depth: request.depth ?? 'quick',
        warnings: searchWarning(facts),
      };
    });
}
