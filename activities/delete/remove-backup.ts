import type { Activities } from '../../workflows/contract/activities.ts';
import { attempt } from '../attempt.ts';
import { backupFolder, DELETING, MANIFEST } from '../catalog/layout.ts';
import { abortUploadsBelow } from '../catalog/remove-below.ts';
import type { Dependencies } from '../dependencies.ts';
import { withStore } from '../workspace.ts';

const AT_ONCE = 1_000;

/** In this order, so that wherever it stops, what is left is never taken for a backup. */
const LAST = [MANIFEST, DELETING];

export function removeBackup(deps: Dependencies): Activities['removeBackup'] {
  return ({ snapshot, backup }) =>
    attempt(deps, (at) =>
      withStore(deps, snapshot, async (store) => {
        const folder = backupFolder(snapshot.target, backup);
        const last = LAST.map((name) => folder + name);
        const { figures, signal } = at;
        await abortUploadsBelow(store, folder, signal);
        let keys: string[] = [];
        for await (const { key, bytes } of store.list(folder, { signal })) {
          if (key === folder + DELETING) continue;
          figures.artifacts += 1;
          figures.bytes += bytes;
          if (last.includes(key)) continue;
          keys.push(key);
          if (keys.length < AT_ONCE) continue;
          await store.remove(keys, { signal });
          keys = [];
        }
        await store.remove(keys, { signal });
        for (const key of last) await store.remove([key], { signal });
        return { objects: figures.artifacts, bytes: figures.bytes };
      }),
    );
}
