import type { Store } from '../stores/store.ts';
import { HoldfastError } from '../failure.ts';
import { readChain } from './chain.ts';
import { damagedNamed } from './damage.ts';
import type { Manifest } from './manifest.ts';
import { newestProof } from './proofs.ts';

/**
 * Why a backup is not known to be good: its newest proof failed, it lacks what its predecessor holds, it names an
 * object that was found damaged, or it rests on a backup that cannot be read. `latest` passes over it, and whoever restores it by its id is warned.
 * @returns undefined when nothing speaks against it
 * @throws BACKUP_DAMAGED of a list that cannot be read, STORE_*
 */
export async function doubtOf(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const proof = await newestProof(store, manifest.target, manifest.id, signal);
  if (proof && !proof.ok) return 'its newest proof failed';
  if (manifest.state === 'suspect') return 'it is suspect';
  const damaged = await damagedNamed(store, manifest, signal);
  if (damaged !== undefined) return `it names ${damaged}, which was found damaged`;
  return brokenChain(store, manifest, signal);
}

/** Nothing can be restored of a backup that rests on one which is gone. */
async function brokenChain(
  store: Store,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    await readChain(store, manifest, signal);
    return undefined;
  } catch (error) {
    const codes = ['BACKUP_UNKNOWN', 'BACKUP_DAMAGED', 'BACKUP_FORMAT_NEWER'];
    if (!(error instanceof HoldfastError) || !codes.includes(error.code)) throw error;
    return `it rests on a backup that cannot be read: ${error.message.replace(/\.$/, '')}`;
  }
}
