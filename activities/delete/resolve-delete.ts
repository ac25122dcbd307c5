import type { Activities } from '../../workflows/contract/activities.ts';
import type { DeleteRequest } from '../../workflows/contract/operations.ts';
import type { TargetSnapshot } from '../../workflows/contract/snapshot.ts';
import { attempt } from '../attempt.ts';
import { readIfThere } from '../catalog/json.ts';
import { backupFolder, DELETING, MANIFEST } from '../catalog/layout.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { parseManifest } from '../catalog/read-manifest.ts';
import { snapshotOf } from '../config/config.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { deleteRequest, parseRequest } from '../requests.ts';
import { runFacts, searchWarning } from '../resolve.ts';
import type { Store } from '../stores/store.ts';
import { withStore } from '../workspace.ts';

export function resolveDelete(deps: Dependencies): Activities['resolveDelete'] {
  return ({ input }) =>
    attempt(deps, async (at) => {
      const { target, backup, confirm } = parseRequest<DeleteRequest>(
        'delete',
        deleteRequest,
        input,
      );
      const snapshot = snapshotOf(await deps.loadConfig(), target);
      const manifest = await withStore(deps, snapshot, (store) =>
        findManifest(store, snapshot, backup, at.signal),
      );
      if (confirm !== backup) {
        throw new HoldfastError(
          'CONFIRM_REQUIRED',
          `Nothing was deleted: \`confirm\` must be ${backup}, since nothing brings a deleted backup back.`,
          { hint: 'Pass `confirm` with the exact id of the backup.' },
        );
      }
      const facts = await runFacts(deps);
      return {
        ...facts,
        snapshot,
        backup,
        ...(manifest?.delegated ? { product: manifest.delegated.name } : {}),
        warnings: searchWarning(facts),
      };
    });
}

/**
 * Also of a backup whose deletion has begun; undefined where only its end is left to do, or where what the manifest says
 * cannot be read and is not needed.
 */
async function findManifest(
  store: Store,
  { target, kind }: TargetSnapshot,
  backup: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  const folder = backupFolder(target, backup);
  try {
    const raw = await readIfThere(store, folder + MANIFEST, signal);
    if (raw !== undefined) return parseManifest(raw, `${store.place}/${folder}${MANIFEST}`);
  } catch (error) {
    // A damaged backup may go; but what a product wrote for it can be found only by its manifest.
    const damaged = error instanceof HoldfastError && error.code === 'BACKUP_DAMAGED';
    if (damaged && kind !== 'delegated') return undefined;
    throw error;
  }
  if (await store.head(folder + DELETING, { signal })) return undefined;
  throw new HoldfastError(
    'BACKUP_UNKNOWN',
    `There is no backup ${backup} of target ${target} in store ${store.name} (${store.place}).`,
  );
}
