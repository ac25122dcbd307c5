import { backupFolder } from '../catalog/layout.ts';
import { HoldfastError } from '../failure.ts';
import { lineKey } from '../pipeline/line-key.ts';
import type { BackupReader } from '../products/product.ts';
import type { Store } from '../stores/store.ts';

/**
 * Every object of the backup is there with its size: better known before anything is changed.
 * @throws BACKUP_DAMAGED
 */
export async function checkObjects(
  store: Store,
  backup: BackupReader,
  signal: AbortSignal,
): Promise<void> {
  const { manifest } = backup;
  const folder = backupFolder(manifest.target, manifest.id);
  const wanted = new Map<string, number>();
  for await (const line of backup.objects()) {
    wanted.set(lineKey(folder, line), line.bytes);
  }
  for await (const { key, bytes } of store.list(`${folder}data/`, { signal })) {
    if (wanted.get(key) === bytes) wanted.delete(key);
  }
  for (const [key, expected] of wanted) {
    const there = await store.head(key, { signal });
    if (there?.bytes === expected) continue;
    const what = there ? `has ${there.bytes} bytes instead of ${expected}` : 'is missing';
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `Backup ${manifest.id} of ${manifest.target} is damaged: ${key} ${what} in store ${store.name}.`,
    );
  }
}
