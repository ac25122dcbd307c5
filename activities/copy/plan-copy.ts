import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { readCollected, type CollectedLine } from '../catalog/collected.ts';
import { readChainObjects } from '../catalog/chain.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readManifest } from '../catalog/read-manifest.ts';
import type { Dependencies } from '../dependencies.ts';
import { requireNotMoved } from '../moved-storage.ts';
import type { Store } from '../stores/store.ts';
import { sealerOf, withStorage, withStore } from '../workspace.ts';
import { CopyWork, type CopyItem } from './copy-work.ts';
import { findEarlier } from './find-earlier.ts';

export function planCopy(deps: Dependencies): Activities['planCopy'] {
  return (job) =>
    attempt(deps, (at) =>
      withStore(deps, job.snapshot, async (store) => {
        const nothing = { artifacts: 0, bytes: 0 };
        const { snapshot } = job;
        const { target } = snapshot;
        if (await readCollected(store, target, job.backup, at.signal)) {
          return { pages: [], artifacts: 0, stored: nothing, warnings: [] };
        }
        const manifest = await readManifest(store, target, job.backup, at.signal);
        await withStorage(deps, snapshot, (storage) =>
          requireNotMoved(store, storage, manifest, snapshot, at.signal),
        );
        const sealer = await sealerOf(snapshot);
        await sealer?.selfTest();
        const work = new CopyWork(store, job, sealer, at.signal);
        await work.claim();
        const name = `${job.run.runId}-${at.number}-${Date.now().toString(36)}`;
        const { pages, artifacts, bytes } =
          (await work.plan()) ??
          (await work.writePlan(
            name,
            await itemsOf(store, manifest, sealer?.fingerprints, at.signal),
          ));
        return { pages, artifacts, bytes, stored: nothing, warnings: [] };
      }),
    );
}

async function itemsOf(
  store: Store,
  manifest: Manifest,
  readers: string[] | undefined,
  signal: AbortSignal,
): Promise<CopyItem[]> {
  const earlier = await findEarlier(store, manifest, readers, signal);
  const items: CopyItem[] = [];
  for await (const object of readChainObjects(store, manifest, signal)) {
    const lines = earlier.get(object.key);
    const whole = lines && plainBytes(lines) === object.bytes;
    items.push({ object, ...(whole ? { earlier: lines } : {}) });
  }
  return items;
}

function plainBytes(lines: CollectedLine[]): number {
  return lines.reduce((sum, line) => sum + (line.plain ?? line).bytes, 0);
}
