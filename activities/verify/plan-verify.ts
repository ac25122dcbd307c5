import type { Activities, VerifyPlan } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import type { Dependencies } from '../dependencies.ts';
import { requireNotMoved } from '../moved-storage.ts';
import { withStorage, withStore } from '../workspace.ts';
import { readItems } from './read-items.ts';
import { bytesOf, countOf, writeVerifyPages } from './verify-pages.ts';

export function planVerify(deps: Dependencies): Activities['planVerify'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { snapshot } = job;
        const { manifest, items, findings, warnings } = await readItems(store, job, at.signal);
        if (manifest && !items.every((item) => Array.isArray(item))) {
          await withStorage(deps, snapshot, (storage) =>
            requireNotMoved(store, storage, manifest, snapshot, at.signal),
          );
        }
        const plan: VerifyPlan = {
          pages: await writeVerifyPages(store, job, items, at.signal),
          objects: countOf(items),
          bytes: bytesOf(items),
          findings,
          warnings,
        };
        return plan;
      }),
    );
}
