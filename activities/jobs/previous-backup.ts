import type { BackupJob } from '../../workflows/contract/activities.ts';
import { readChainObjects } from '../catalog/chain.ts';
import { listBackups } from '../catalog/list-backups.ts';
import type { PreviousBackup } from '../products/delegated.ts';
import type { Store } from '../stores/store.ts';

/**
 * The newest committed backup on which one of a delegated product may rest, unless a full one was asked for. None, when
 * it or what it rests on was found damaged, or is no more in the catalog: everything that came to rest on it would be,
 * too.
 */
export async function previousBackup(
  store: Store,
  { snapshot, backup, full }: BackupJob,
  signal: AbortSignal,
): Promise<PreviousBackup | undefined> {
  if (full) return undefined;
  const entries = await listBackups(store, snapshot.target, signal);
  const sound = new Set(
    entries.filter(({ manifest, proof }) => manifest && proof?.ok !== false).map(({ id }) => id),
  );
  for (const { id, manifest } of entries.toReversed()) {
    if (id === backup || manifest?.product.name !== snapshot.product) continue;
    const { delegated, detail } = manifest;
    if (!delegated) continue;
    if (![id, ...delegated.bases.map((base) => base.backup)].every((one) => sound.has(one))) break;
    return {
      name: delegated.name,
      bases: delegated.bases.map(({ name }) => name),
      detail,
      objects: () => readChainObjects(store, manifest, signal),
    };
  }
  return undefined;
}
