import type { BackupJob } from '../../workflows/contract/activities.ts';
import { listBackups } from '../catalog/list-backups.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/**
 * Which earlier backups of the target an incremental one rests on, by the product's names for them.
 * @throws BACKUP_INCOMPLETE when a base is no backup of this store: nothing would keep it
 */
export async function basesOf(
  store: Store,
  { snapshot, backup }: BackupJob,
  names: string[],
  signal: AbortSignal,
): Promise<{ backup: string; name: string }[]> {
  if (names.length === 0) return [];
  const known = new Map<string, string>();
  for (const { id, manifest } of await listBackups(store, snapshot.target, signal)) {
    if (manifest?.delegated) known.set(manifest.delegated.name, id);
  }
  return names.map((name) => {
    const base = known.get(name);
    if (base) return { backup: base, name };
    throw new HoldfastError(
      'BACKUP_INCOMPLETE',
      `Backup ${backup} of ${snapshot.target} rests on the database's backup ${name}, which is none of those in ` +
        `store ${snapshot.store.name}: nothing would keep it.`,
    );
  });
}
