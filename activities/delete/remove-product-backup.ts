import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { withDelegated, withStore } from '../workspace.ts';
import { takeBack } from './take-back.ts';

export function removeProductBackup(deps: Dependencies): Activities['removeProductBackup'] {
  return (job) =>
    attempt(deps, async (at) => {
      const { snapshot, product } = job;
      if (product === undefined) return;
      try {
        await withDelegated(deps, at, snapshot, ({ backup }) => backup.remove(product));
      } catch (error) {
        const isWhole = error instanceof HoldfastError && error.code === 'BACKUP_NEEDED';
        if (isWhole) await withStore(deps, snapshot, (store) => takeBack(store, job, at));
        throw error;
      }
    });
}
