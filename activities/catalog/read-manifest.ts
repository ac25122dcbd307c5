import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';
import { readIfThere } from './json.ts';
import { backupFolder, DELETING, MANIFEST } from './layout.ts';
import { digestAgrees } from './manifest-digest.ts';
import { MANIFEST_FORMAT, manifestSchema, type Manifest } from './manifest.ts';

/**
 * The manifest of a committed backup.
 * @throws BACKUP_UNKNOWN, BACKUP_FORMAT_NEWER, BACKUP_DAMAGED
 */
export async function readManifest(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<Manifest> {
  const folder = backupFolder(target, backup);
  const raw = await readIfThere(store, folder + MANIFEST, signal);
  if (raw === undefined || (await store.head(folder + DELETING, { signal }))) {
    throw new HoldfastError(
      'BACKUP_UNKNOWN',
      `There is no backup ${backup} of target ${target} in store ${store.name} (${store.place}).`,
    );
  }
  const where = `${store.place}/${folder}${MANIFEST}`;
  const manifest = parseManifest(raw, where);
  if (manifest.id === backup && manifest.target === target) return manifest;
  throw new HoldfastError(
    'BACKUP_DAMAGED',
    `${where} is the manifest of another backup: of ${manifest.id} of target ${manifest.target}.`,
  );
}

/** Whether a backup exists: its manifest is there, and nobody has begun to remove it. */
export async function isCommitted(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const folder = backupFolder(target, backup);
  if (!(await store.head(folder + MANIFEST, { signal }))) return false;
  return !(await store.head(folder + DELETING, { signal }));
}

export function parseManifest(raw: unknown, where: string): Manifest {
  const format =
    typeof raw === 'object' && raw !== null && 'format' in raw ? raw.format : undefined;
  if (typeof format === 'number' && format > MANIFEST_FORMAT) {
    throw new HoldfastError(
      'BACKUP_FORMAT_NEWER',
      `${where} has format ${format}; this Holdfast reads formats up to ${MANIFEST_FORMAT}.`,
    );
  }
  if (typeof raw === 'object' && raw !== null && !digestAgrees(raw)) {
    throw new HoldfastError(
      'BACKUP_DAMAGED',
      `${where} is not as it was written: its digest differs.`,
    );
  }
  const parsed = manifestSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HoldfastError(
    'BACKUP_DAMAGED',
    `${where} is not a manifest: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'unreadable'}.`,
  );
}
