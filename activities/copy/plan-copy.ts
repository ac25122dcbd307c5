import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt/attempt.ts';
import { backupFolder, DATA } from '../catalog/layout.ts';
import type { Dependencies } from '../dependencies.ts';
import { requireNotMoved } from '../moved-storage.ts';
import { sealerOf, withStorage, withStore } from '../workspace.ts';
import { requireAfterBases } from './after-bases.ts';
import { copyItems, isWhole } from './copy-items.ts';
import { copySources, type CopySources } from './copy-sources.ts';
import { CopyWork, type CopyPlan } from './copy-work.ts';
import { findEarlier } from './find-earlier.ts';

/** A copy that is there already is looked at: what it lost is copied again, as long as the database has it. */
export function planCopy(deps: Dependencies): Activities['planCopy'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const stored = { artifacts: 0, bytes: 0 };
        const { snapshot } = job;
        const { signal } = at;
        const sources = await copySources(store, job, signal);
        const { manifest, current } = sources;
        const sealer = await sealerOf(snapshot);
        const work = new CopyWork(store, job, sealer, signal);
        const known = await work.plan();
        const whole = await isWhole(sources);
        // Of no use is what was planned of another copy than is there now, or to mend one that is whole. What a copy left
        // that is done goes at its end, which tells of what stays.
        if (known && (known.mends === current?.mark) === whole) await work.forget();
        if (whole) return { pages: [], artifacts: 0, stored, warnings: [] };
        await withStorage(deps, snapshot, (storage) =>
          requireNotMoved(store, storage, manifest, snapshot, signal),
        );
        await sealer?.selfTest();
        const plan = async (): Promise<CopyPlan> => {
          await requireAfterBases(at, store, job, manifest);
          const earlier = await findEarlier(store, manifest, sealer?.fingerprints, signal);
          const readers = sealer?.fingerprints;
          const { items, warnings } = await copyItems({ ...sources, earlier, readers });
          const name = `${job.run.runId}-${at.number}-${Date.now().toString(36)}`;
          const about = {
            warnings,
            ...(current ? { mends: current.mark } : {}),
            ...((await isCopiedInPart(sources)) ? { again: true } : {}),
          };
          return work.writePlan(name, items, about);
        };
        await work.claim();
        const { pages, artifacts, bytes, warnings = [] } = (await work.plan()) ?? (await plan());
        return { pages, artifacts, bytes, stored, warnings };
      }),
    );
}

/** Whether more lies there than the backup itself put there: a copy that was lost, or that was given up. */
async function isCopiedInPart({ store, manifest, signal }: CopySources): Promise<boolean> {
  const { id, target, totals, delegated } = manifest;
  let own = totals.objects - (delegated?.count ?? 0);
  for await (const _ of store.list(backupFolder(target, id) + DATA, { signal })) own -= 1;
  return own < 0;
}
