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

/** The one step that later attempts have to know of. */
const BEGUN = 0;

/**
 * Removes a backup that was not committed. What another run claimed, or what is committed, stays: but for what an attempt
 * that is cut off from Temporal commits after the removal has begun, for something that it names is gone.
 */
export function discardBackup(deps: Dependencies): Activities['discardBackup'] {
  return (job) =>
    workingAt(deps, job, async ({ at, store, folder }) => {
      const begun = job.begun === true || at.done.has(BEGUN);
      if (!begun && (await store.head(folder + MANIFEST, { signal: at.signal }))) {
        const raw = await readJson(store, folder + MANIFEST, at.signal);
        const manifest = parseManifest(raw, folder + MANIFEST);
        const own = manifest.run.runId === job.run.runId;
        return { committed: own ? reportOf(manifest, job, store) : null };
      }
      if (await isAnothers(store, job, at.signal)) return { committed: null };
      at.done.add(BEGUN);
      const product = findProduct(job.snapshot.product);
      const notes = openNotebook(store, folder, at.signal);
      const warnings =
        product.kind === 'streamed' && product.givenUp
          ? await product.givenUp({ connection: job.snapshot.connection, notes })
          : [];
      await removeBelow(store, folder, at.signal);
      // It may have come to its end since the folder was listed.
      const late = folder + MANIFEST;
      const { signal } = at;
      if (await store.head(late, { signal })) await store.remove([late], { signal });
      return { committed: null, warnings };
    });
}
