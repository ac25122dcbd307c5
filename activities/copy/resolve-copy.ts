import type { Activities } from '../../workflows/contract/activities.ts';
import type { CopyRequest } from '../../workflows/contract/operations.ts';
import { attempt } from '../attempt/attempt.ts';
import { snapshotOf } from '../config/config.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { copyRequest, parseRequest } from '../requests.ts';
import { runFacts, searchWarning } from '../resolve.ts';

export function resolveCopy(deps: Dependencies): Activities['resolveCopy'] {
  return ({ input }) =>
    attempt(deps, async () => {
      const { target, backup, to } = parseRequest<CopyRequest>('copy', copyRequest, input);
      const snapshot = snapshotOf(await deps.loadConfig(), target);
      if (to !== undefined && to !== snapshot.store.name) {
        throw new HoldfastError(
          'INPUT_INVALID',
          `A copy goes to the store of its target: that of ${target} is ${snapshot.store.name}, not ${to}.`,
        );
      }
      const facts = await runFacts(deps);
      const warnings = searchWarning(facts);
      return { ...facts, snapshot, backup: backup ?? 'latest', warnings };
    });
}
