import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { withDelegated } from '../workspace.ts';

export function removeProductBackup(deps: Dependencies): Activities['removeProductBackup'] {
  return ({ snapshot, product }) =>
    attempt(deps, async (at) => {
      if (product === undefined) return;
      await withDelegated(deps, at, snapshot, ({ backup }) => backup.remove(product));
    });
}
