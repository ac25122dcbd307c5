import { findBackup, type FoundBackup } from '../../activities/catalog/find-backup.ts';
import { targetOf } from '../../activities/config/config.ts';
import { namingOtherStores } from '../../activities/other-stores.ts';
import type { Store } from '../../activities/stores/store.ts';
import type { Invocation } from '../invocation.ts';

/**
 * The backup that is meant, in the store that its target uses now.
 * @throws TARGET_UNKNOWN; BACKUP_UNKNOWN, which names the other stores that have some of the target's
 */
export async function namedBackup(
  call: Invocation,
  target: string,
  backup: string,
): Promise<FoundBackup & { store: Store }> {
  const { store: name } = targetOf(await call.config(), target);
  const store = await call.store(name);
  const find = () => findBackup(store, target, backup);
  const found = await namingOtherStores(call.searching, { target, store: name, backup }, find);
  return { ...found, store };
}
