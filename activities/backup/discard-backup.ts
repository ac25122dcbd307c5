import type { Activities } from '../../workflows/contract/activities.ts';
import { isAnothers } from '../catalog/claimed.ts';
import { MANIFEST } from '../catalog/layout.ts';
import { readJson } from '../catalog/json.ts';
import { openNotebook } from '../catalog/notebook.ts';
import { parseManifest } from '../catalog/read-manifest.ts';
import { removeBelow } from '../catalog/remove-below.ts';
import type { Dependencies } from '../dependencies.ts';
import { findProduct } from '../products/registry.ts';
import { reportOf } from './report.ts';
import { workingAt } from './under-way.ts';

/** Removes a backup that was not committed. What another run claimed, or what is committed, stays. */
export function discardBackup(deps: Dependencies): Activities['discardBackup'] {
  return (job) =>
    workingAt(deps, job, async ({ at, store, folder }) => {
      if (await store.head(folder + MANIFEST, { signal: at.signal })) {
        const raw = await readJson(store, folder + MANIFEST, at.signal);
        const manifest = parseManifest(raw, folder + MANIFEST);
        const own = manifest.run.runId === job.run.runId;
        return { committed: own ? reportOf(manifest, job, store) : null };
      }
      if (await isAnothers(store, job, at.signal)) return { committed: null };
      const product = findProduct(job.snapshot.product);
      const notes = openNotebook(store, folder, at.signal);
      const warnings =
        product.kind === 'streamed' && product.givenUp
          ? await product.givenUp({ connection: job.snapshot.connection, notes })
          : [];
      await removeBelow(store, folder, at.signal);
      // An attempt to commit that is cut off from Temporal may have come to its end meanwhile: what it names is gone.
      const manifest = folder + MANIFEST;
      if (await store.head(manifest, { signal: at.signal })) {
        await store.remove([manifest], { signal: at.signal });
      }
      return { committed: null, warnings };
    });
}
