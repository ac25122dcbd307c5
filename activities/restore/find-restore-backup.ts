import type { Activities } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { attempt } from '../attempt/attempt.ts';
import { findBackup, SAFETY_TAG, type FoundBackup } from '../catalog/find-backup.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { namingOtherStores } from '../other-stores.ts';
import { canRestore } from '../products/registry.ts';
import { withObjectsLock } from './delegated/objects-lock.ts';
import { withStore } from '../workspace.ts';

/** Runs where the target's own activities run: its store may be seen from there alone. */
export function findRestoreBackup(deps: Dependencies): Activities['findRestoreBackup'] {
  return (job) =>
    attempt(deps, async (at) => {
      const { snapshot, destination, run } = job;
      const found = await withStore(deps, snapshot, (store) =>
        namingOtherStores(
          deps,
          { target: snapshot.target, store: store.name, backup: job.backup },
          () => findBackup(store, snapshot.target, job.backup, at.signal),
        ),
      );
      const { id, product } = found.manifest;
      if (!canRestore(product.name, destination.product)) {
        throw new HoldfastError(
          'BACKUP_OF_OTHER_PRODUCT',
          `Backup ${id} is of ${product.name}, and target ${destination.target} is ${destination.product}.`,
        );
      }
      return {
        ...job,
        backup: id,
        destination: withObjectsLock(destination, found.manifest),
        safety: {
          ...job.safety,
          note: `before the restore of ${id} by ${run.workflowId}`,
          tags: { [SAFETY_TAG]: id },
        },
        warnings: [...job.warnings, ...passedOver(found)],
      };
    });
}

function passedOver(found: FoundBackup): Warning[] {
  return found.passedOver.map((message) => ({
    code: 'BACKUP_PASSED_OVER',
    message: `\`latest\` passed over ${message}.`,
  }));
}
