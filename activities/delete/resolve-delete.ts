import type { Activities } from '../../workflows/contract/activities.ts';
import type { DeleteRequest } from '../../workflows/contract/operations.ts';
import { attempt } from '../attempt/attempt.ts';
import { snapshotOf } from '../config/config.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { deleteRequest, parseRequest } from '../requests.ts';
import { runFacts, searchWarning } from '../resolve.ts';

export function resolveDelete(deps: Dependencies): Activities['resolveDelete'] {
  return ({ input }) =>
    attempt(deps, async () => {
      const request = parseRequest<DeleteRequest>('delete', deleteRequest, input);
      const { target, backup, confirm } = request;
      const snapshot = snapshotOf(await deps.loadConfig(), target);
      if (confirm !== backup) {
        throw new HoldfastError(
          'CONFIRM_REQUIRED',
          `Nothing was deleted: \`confirm\` must be ${backup}, since nothing brings a deleted backup back.`,
          { hint: 'Pass `confirm` with the exact id of the backup.' },
        );
      }
      const facts = await runFacts(deps);
      return { ...facts, snapshot, backup, warnings: searchWarning(facts) };
    });
}
