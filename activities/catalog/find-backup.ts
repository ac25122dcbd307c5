import { BACKUP_ID } from '../../workflows/contract/names.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { doubtOf } from './doubt.ts';
import { targetFolder } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { isCommitted, readManifest } from './read-manifest.ts';

/** The tag of a backup that a restore took of its destination; its value is the backup that was restored. */
export const SAFETY_TAG = 'before-restore-of';

export interface FoundBackup {
  manifest: Manifest;
  /** Newer backups that `latest` passed over, each with its reason. */
  passedOver: string[];
}

/**
 * Finds a backup by id, or the newest that is good: `latest` passes over backups that lack what their
 * predecessor holds, whose newest proof failed, that name an object which was found damaged, or whose manifest or list, or that
 * of a backup which they rest on, cannot be read, and says so. It passes over safety backups too: they hold what somebody wanted to get rid of, and whoever tries
 * a failed restore again must not get it back.
 * @throws BACKUP_UNKNOWN
 */
export async function findBackup(
  store: Store,
  target: string,
  wanted: string,
  signal?: AbortSignal,
): Promise<FoundBackup> {
  if (wanted !== 'latest') {
    return { manifest: await readManifest(store, target, wanted, signal), passedOver: [] };
  }
  const ids = (await store.folders(targetFolder(target), { signal })).filter((name) =>
    BACKUP_ID.test(name),
  );
  const passedOver: string[] = [];
  for (const id of ids.toReversed()) {
    try {
      const manifest = await readManifest(store, target, id, signal);
      const doubt =
        manifest.tags[SAFETY_TAG] === undefined
          ? await doubtOf(store, manifest, signal)
          : 'it was taken before a restore, of what that replaced';
      if (doubt === undefined) return { manifest, passedOver };
      passedOver.push(`${id}: ${doubt}`);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      if (error.code === 'BACKUP_UNKNOWN') continue;
      if (error.code !== 'BACKUP_DAMAGED' && error.code !== 'BACKUP_FORMAT_NEWER') throw error;
      passedOver.push(`${id}: ${error.message}`);
    }
  }
  const none = `There is no good backup of target ${target} in store ${store.name} (${store.place})`;
  throw new HoldfastError(
    'BACKUP_UNKNOWN',
    passedOver.length === 0 ? `${none}.` : `${none}; passed over: ${passedOver.join('; ')}.`,
    passedOver.length === 0
      ? {}
      : { hint: 'Name one of them as `backup` if you want it all the same.' },
  );
}

/**
 * The id of a backup to look at, however bad it may be: `latest` is simply the newest committed one.
 * @throws BACKUP_UNKNOWN
 */
export async function newestBackup(
  store: Store,
  target: string,
  wanted: string,
  signal?: AbortSignal,
): Promise<string> {
  const ids =
    wanted === 'latest'
      ? (await store.folders(targetFolder(target), { signal })).filter((name) =>
          BACKUP_ID.test(name),
        )
      : [wanted];
  for (const id of ids.toReversed()) {
    if (await isCommitted(store, target, id, signal)) return id;
  }
  throw new HoldfastError(
    'BACKUP_UNKNOWN',
    `There is no backup${wanted === 'latest' ? '' : ` ${wanted}`} of target ${target} in store ${store.name} (${store.place}).`,
  );
}
