import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import type { DelegatedSession } from '../products/delegated.ts';
import type { Store } from '../stores/store.ts';
import { withDelegated, withStore } from '../workspace.ts';
import { takenBackIfWhole } from './taken-back-if-whole.ts';
import { takeBack } from './take-back.ts';

export function removeProductBackup(deps: Dependencies): Activities['removeProductBackup'] {
  return (job) =>
    attempt(deps, async (at) => {
      const { snapshot, product, identity } = job;
      if (product === undefined) return;
      try {
        const remove = ({ backup }: DelegatedSession, storage: Store) => {
          // What a server removes by itself is gone for it before its objects are.
          if (backup.mayRemove) return backup.remove(product);
          const where = { store: storage, prefix: backup.prefix(product) };
          return takenBackIfWhole(deps, job, at, where, () => backup.remove(product));
        };
        await withDelegated(deps, at, snapshot, remove, { identity });
      } catch (error) {
        const isWhole = error instanceof HoldfastError && error.code === 'BACKUP_NEEDED';
        if (isWhole) await withStore(deps, snapshot, (store) => takeBack(store, job, at));
        throw error;
      }
    });
}
