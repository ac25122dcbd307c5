import { BACKUP_ID } from '../../workflows/contract/names.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { SAFETY_TAG } from './find-backup.ts';
import { targetFolder } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { readManifest } from './read-manifest.ts';

/**
 * The newest committed backup before this one that is not itself suspect: what a backup is measured against, so that
 * a source that stays emptied stays suspect. Not one that a restore took: that holds everything, whatever the target
 * selects.
 */
export async function predecessor(
  store: Store,
  of: Successor,
  signal?: AbortSignal,
): Promise<Manifest | undefined> {
  return (await predecessors(store, of, signal).next()).value;
}

interface Successor {
  snapshot: { target: string };
  backup: string;
}

/** That one, and those before it, the newest first. */
export async function* predecessors(
  store: Store,
  { snapshot, backup }: Successor,
  signal?: AbortSignal,
): AsyncGenerator<Manifest, undefined> {
  const ids = await store.folders(targetFolder(snapshot.target), { signal });
  const before = ids.filter((id) => BACKUP_ID.test(id) && id !== backup);
  for (const id of before.toReversed()) {
    try {
      const manifest = await readManifest(store, snapshot.target, id, signal);
      if (manifest.state === 'ok' && manifest.tags[SAFETY_TAG] === undefined) yield manifest;
    } catch (error) {
      const passable = ['BACKUP_UNKNOWN', 'BACKUP_DAMAGED', 'BACKUP_FORMAT_NEWER'];
      if (!(error instanceof HoldfastError) || !passable.includes(error.code)) throw error;
    }
  }
  return undefined;
}
