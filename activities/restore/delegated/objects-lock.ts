import { createHash } from 'node:crypto';
import { lockId } from '../../../workflows/contract/names.ts';
import type { TargetSnapshot } from '../../../workflows/contract/snapshot.ts';
import type { Manifest } from '../../catalog/manifest.ts';
import { fullPlaceOf } from '../../stores/place.ts';
import { storageOf } from '../../workspace.ts';

/**
 * What a product restores from lies below the name of the backup, and the product may keep its state of the restore
 * there: two restores out of one storage, of backups that rest on the same one, would disturb each other and remove what
 * the other reads, whichever targets they go into. So they take turns.
 * @returns undefined where Holdfast streams what is restored
 */
export function objectsLock(
  { delegated }: Manifest,
  destination: TargetSnapshot,
): string | undefined {
  if (!delegated) return undefined;
  // The last base is the full backup that a whole chain rests on.
  const root = delegated.bases.at(-1)?.name ?? delegated.name;
  const place = createHash('sha256')
    .update(fullPlaceOf(storageOf(destination)))
    .digest('hex');
  return lockId.objects(root, place.slice(0, 16));
}

/** It comes before every other, so that whoever waits for it keeps nobody from a backup. */
export function withObjectsLock(destination: TargetSnapshot, manifest: Manifest): TargetSnapshot {
  const lock = objectsLock(manifest, destination);
  return lock === undefined ? destination : { ...destination, locks: [lock, ...destination.locks] };
}
