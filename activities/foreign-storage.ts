import type { TargetSnapshot } from '../workflows/contract/snapshot.ts';
import { foreignDirectory } from './stores/directory/access.ts';
import type { StoreResources } from './stores/resources.ts';
import { S3Store } from './stores/s3/s3-store.ts';
import { storageOf, withDelegated } from './workspace.ts';

/** No backup bears this name. */
const PROBE = 'holdfast-probe';

/** What a restore from the copy will meet where the database keeps its backups; nothing where all will be well. */
export async function foreignStorage(
  stores: StoreResources,
  signal: AbortSignal,
  snapshot: TargetSnapshot,
): Promise<string[]> {
  if (snapshot.kind !== 'delegated') return [];
  const settings = storageOf(snapshot);
  if (settings.type === 'directory') {
    const told = await foreignDirectory(settings.path);
    return told === undefined ? [] : [told];
  }
  return withDelegated({ stores }, { signal }, snapshot, async ({ backup }, storage) =>
    storage instanceof S3Store
      ? storage.probeForeign(backup.prefix(PROBE) + PROBE, { signal })
      : [],
  );
}
