import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { claimWork } from '../catalog/claimed.ts';
import type { Dependencies } from '../dependencies.ts';
import { requireNotMoved } from '../moved-storage.ts';
import { openerOfQueue } from '../opener-of-queue.ts';
import { withStorage, withStore } from '../workspace.ts';
import { readItems } from './read-items.ts';
import { findVerifyPlan, writeVerifyPlan } from './verify-pages.ts';

export function planVerify(deps: Dependencies): Activities['planVerify'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const { snapshot } = job;
        const planned = await findVerifyPlan(store, job, at.signal);
        if (planned) return planned;
        if (job.depth === 'deep') await openerOfQueue(snapshot, 'plan');
        const { manifest, ...readings } = await readItems(store, job, at.signal);
        if (manifest && !readings.items.every((item) => Array.isArray(item))) {
          await withStorage(deps, snapshot, (storage) =>
            requireNotMoved(store, storage, manifest, snapshot, at.signal),
          );
        }
        await claimWork(store, job, 'verify', at.signal);
        const attemptName = `${at.number}-${Date.now().toString(36)}`;
        return writeVerifyPlan(store, job, attemptName, readings, at.signal);
      }),
    );
}
