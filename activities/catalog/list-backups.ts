import { BACKUP_ID } from '../../workflows/contract/names.ts';
import { eachBounded } from '../each-bounded.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { readableCopy, type Collected } from './collected.ts';
import { backupFolder, MANIFEST, targetFolder } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { newestProof, type ProofSummary } from './proofs.ts';
import { readManifest } from './read-manifest.ts';

export interface CatalogEntry {
  id: string;
  /** Absent when it could not be read; then `problem` says why. */
  manifest?: Manifest;
  problem?: string;
  proof?: ProofSummary;
  /** Delegated: what its copy came to, when it is there and can be read. */
  collected?: Collected;
}

/**
 * The committed backups of a target, oldest first: read from the manifests, the only truth there is. With those whose
 * deletion has begun and that still have one.
 */
export async function listBackups(
  store: Store,
  target: string,
  signal?: AbortSignal,
): Promise<CatalogEntry[]> {
  const folders = await store.folders(targetFolder(target), { signal });
  const entries: (CatalogEntry | undefined)[] = [];
  await eachBounded(
    folders.filter((name) => BACKUP_ID.test(name)),
    8,
    async (id, index) => {
      entries[index] = await readEntry(store, target, id, signal);
    },
  );
  return entries.filter((entry) => entry !== undefined);
}

async function readEntry(
  store: Store,
  target: string,
  id: string,
  signal?: AbortSignal,
): Promise<CatalogEntry | undefined> {
  try {
    const manifest = await readManifest(store, target, id, signal);
    const proof = await newestProof(store, target, id, signal);
    const collected = manifest.delegated && (await readableCopy(store, manifest, signal));
    return { id, manifest, ...(proof ? { proof } : {}), ...(collected ? { collected } : {}) };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.code === 'BACKUP_UNKNOWN') return condemned(store, target, id, signal);
    if (error.code === 'BACKUP_DAMAGED' || error.code === 'BACKUP_FORMAT_NEWER') {
      return { id, problem: error.message };
    }
    throw error;
  }
}

/** One whose deletion has begun is no backup, and yet nobody should wonder where it is. */
async function condemned(
  store: Store,
  target: string,
  id: string,
  signal?: AbortSignal,
): Promise<CatalogEntry | undefined> {
  const there = await store.head(backupFolder(target, id) + MANIFEST, { signal });
  if (!there) return undefined;
  const problem = `its deletion has begun; \`holdfast delete ${target} ${id}\` goes on with it`;
  return { id, problem };
}
