import type { Activities } from '../../workflows/contract/activities.ts';
import type { VerifyRequest } from '../../workflows/contract/operations.ts';
import { attempt } from '../attempt/attempt.ts';
import { snapshotOf } from '../config/config.ts';
import type { Dependencies } from '../dependencies.ts';
import { parseRequest, verifyRequest } from '../requests.ts';
import { runFacts, searchWarning } from '../resolve.ts';

export function resolveVerify(deps: Dependencies): Activities['resolveVerify'] {
  return ({ input }) =>
    attempt(deps, async () => {
      const request = parseRequest<VerifyRequest>('verify', verifyRequest, input);
      const snapshot = snapshotOf(await deps.loadConfig(), request.target);
      const facts = await runFacts(deps);
      return {
        ...facts,
        snapshot,
        backup: request.backup ?? 'latest',
        depth: request.depth ?? 'quick',
        warnings: searchWarning(facts),
      };
    });
}
