import { BACKUP_ID } from '../../workflows/contract/names.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { SAFETY_TAG } from './find-backup.ts';
import { targetFolder } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { readManifest } from './read-manifest.ts';

type Taken = Pick<Manifest, 'id' | 'target' | 'product' | 'tags'>;

/**
 * Whether a backup is of another server than the one before it. Two configurations that keep the backups of two servers
 * under one name in one place are seen by nothing else, and `latest` of either is the other's. What a restore took of
 * its destination is left out: that may be a new server on which the lost one comes back.
 */
export async function anotherServer(
  store: Store,
  taken: Taken,
  signal?: AbortSignal,
): Promise<Warning[]> {
  const { id, target, product, tags } = taken;
  if (product.identity === '' || SAFETY_TAG in tags) return [];
  const before = await newestBefore(store, taken, signal);
  if (!before || isSame(product, before.product)) return [];
  return [
    {
      code: 'ANOTHER_SERVER',
      message:
        `Backup ${id} of ${target} is of another server than ${before.id}, the backup before it. Where the server was ` +
        'replaced in between, that is right, and the next backup does not say it any more. Else two configurations keep ' +
        `the backups of two servers as those of ${target} in ${store.place}, and each restores what the other took: ` +
        'name the target, or the prefix of the store, differently in one of them.',
      subject: id,
    },
  ];
}

async function newestBefore(
  store: Store,
  { id, target }: Taken,
  signal?: AbortSignal,
): Promise<Manifest | undefined> {
  const ids = await store.folders(targetFolder(target), { signal });
  const earlier = ids.filter((name) => BACKUP_ID.test(name) && name < id);
  for (const one of earlier.toReversed()) {
    try {
      const manifest = await readManifest(store, target, one, signal);
      if (!(SAFETY_TAG in manifest.tags)) return manifest;
    } catch (error) {
      const passable = ['BACKUP_UNKNOWN', 'BACKUP_DAMAGED', 'BACKUP_FORMAT_NEWER'];
      if (!(error instanceof HoldfastError) || !passable.includes(error.code)) throw error;
    }
  }
  return undefined;
}

/** A cluster is known by its nodes, of which some may come and go. What is not told, or in another way, tells nothing. */
function isSame(one: Manifest['product'], other: Manifest['product']): boolean {
  if (one.name !== other.name || other.identity === '') return true;
  const nodes = new Set(other.identity.split(','));
  return one.identity.split(',').some((node) => nodes.has(node));
}
