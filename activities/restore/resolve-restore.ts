import type { Activities } from '../../workflows/contract/activities.ts';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { attempt } from '../attempt/attempt.ts';
import { snapshotOf } from '../config/config.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { notActedOn } from '../not-acted-on.ts';
import { canRestore, findProduct } from '../products/registry.ts';
import { parseRequest, restoreRequest } from '../requests.ts';
import { backupJob, runFacts, searchWarning } from '../resolve.ts';

export function resolveRestore(deps: Dependencies): Activities['resolveRestore'] {
  return ({ input }) =>
    attempt(deps, async () => {
      const request = parseRequest<RestoreRequest>('restore', restoreRequest, input);
      const config = await deps.loadConfig();
      const source = snapshotOf(config, request.target);
      const destination = snapshotOf(config, request.into ?? request.target);
      checkDestination(source, destination, request);
      const facts = await runFacts(deps);
      return {
        ...facts,
        snapshot: source,
        destination: {
          ...destination,
          safetyBackup: request.safetyBackup ?? destination.safetyBackup,
        },
        backup: request.backup ?? 'latest',
        request,
        safety: {
          ...backupJob(unfiltered(destination), facts),
          ...(source.product === destination.product &&
            source.target !== destination.target && { source }),
        },
        warnings: [...searchWarning(facts), ...notActedOn(destination.product, request)],
      };
    });
}

/** A restore takes away also what the backups of its destination leave out. */
function unfiltered(snapshot: TargetSnapshot): TargetSnapshot {
  const { connection, product } = snapshot;
  return { ...snapshot, connection: findProduct(product).unfiltered?.(connection) ?? connection };
}

function checkDestination(
  source: TargetSnapshot,
  destination: TargetSnapshot,
  request: RestoreRequest,
): void {
  if (destination.protected && !request.dryRun) {
    throw new HoldfastError(
      'TARGET_PROTECTED',
      `Target ${destination.target} is protected: it is never the destination of a restore.`,
    );
  }
  if (!canRestore(source.product, destination.product)) {
    throw new HoldfastError(
      'BACKUP_OF_OTHER_PRODUCT',
      `Target ${source.target} is ${source.product}, and target ${destination.target} is ${destination.product}.`,
    );
  }
}
