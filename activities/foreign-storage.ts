import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';
import { foreignDirectory } from './stores/directory/access.ts';
import { storageOf } from './workspace.ts';

/** What a restore from the copy will meet where the database keeps its backups; undefined where all will be well. */
export async function foreignStorage(snapshot: TargetSnapshot): Promise<string | undefined> {
  if (snapshot.kind !== 'delegated') return undefined;
  const storage = storageOf(snapshot);
  return storage.type === 'directory' ? foreignDirectory(storage.path) : undefined;
}
