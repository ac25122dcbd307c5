import type { Activities } from '../workflows/contract/activities.ts';
import type { RestoreRequest } from '../workflows/contract/operations.ts';
import type { Warning } from '../workflows/contract/progress.ts';
import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';
import { attempt } from './attempt.ts';
import { findBackup, SAFETY_TAG, type FoundBackup } from './catalog/find-backup.ts';
import { snapshotOf } from './config/config.ts';
import type { Dependencies } from './dependencies.ts';
import { HoldfastError } from './failure.ts';
import { parseRequest, restoreRequest } from './requests.ts';
import { backupJob, runFacts, searchWarning } from './resolve.ts';
import { withStore } from './workspace.ts';

export function resolveRestore(deps: Dependencies): Activities['resolveRestore'] {
  return ({ input }) =>
    attempt(deps, async (at) => {
      const request = parseRequest<RestoreRequest>('restore', restoreRequest, input);
      const config = await deps.loadConfig();
      const source = snapshotOf(config, request.target);
      const destination = snapshotOf(config, request.into ?? request.target);
      checkDestination(source, destination, request);
      const found = await withStore(deps, source, (store) =>
        findBackup(store, request.target, request.backup ?? 'latest', at.signal),
      );
      if (found.manifest.product.name !== destination.product) {
        throw new HoldfastError(
          'BACKUP_OF_OTHER_PRODUCT',
          `Backup ${found.manifest.id} is of ${found.manifest.product.name}, and target ` +
            `${destination.target} is ${destination.product}.`,
        );
      }
      const facts = await runFacts(deps);
      return {
        ...facts,
        snapshot: source,
        destination: {
          ...destination,
          safetyBackup: request.safetyBackup ?? destination.safetyBackup,
        },
        backup: found.manifest.id,
        request,
        safety: backupJob(destination, facts, {
          note: `before the restore of ${found.manifest.id} by ${facts.run.workflowId}`,
          tags: { [SAFETY_TAG]: found.manifest.id },
        }),
        warnings: [...searchWarning(facts), ...passedOver(found)],
      };
    });
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
  if (source.product !== destination.product) {
    throw new HoldfastError(
      'BACKUP_OF_OTHER_PRODUCT',
      `Target ${source.target} is ${source.product}, and target ${destination.target} is ${destination.product}.`,
    );
  }
}

export function passedOver(found: FoundBackup): Warning[] {
  return found.passedOver.map((message) => ({
    code: 'BACKUP_PASSED_OVER',
    message: `\`latest\` passed over ${message}.`,
  }));
}
