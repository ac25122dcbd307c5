import type { FailureCode } from '../../workflows/contract/failures.ts';
import type { Store } from '../stores/store.ts';
import { backupFolder } from './layout.ts';
import { newestFirst, type Proof } from './proofs.ts';

/** What a finding of these codes tells of is not as it was written, or is not there. */
export const DAMAGE: readonly string[] = [
  'BACKUP_DAMAGED',
  'OBJECT_MISSING',
] satisfies FailureCode[];

/**
 * Of the objects in a backup's folder those that were found damaged or missing, each with the time when it was found so
 * last. A later verification of at least that depth which finds nothing clears what it read, and no more: what the backup
 * names no longer since its copy was mended lies there still, and others may name it.
 * @returns by their paths below the folder
 * @throws STORE_*
 */
export async function knownDamage(
  store: Store,
  target: string,
  backup: string,
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  /** What still counts of that which a quick look, and a deep one, found before; undefined while all of it does. */
  let quick: Set<string> | undefined;
  let deep: Set<string> | undefined;
  for await (const proof of newestFirst(store, target, backup, signal)) {
    if (!proof.ok) {
      const counting = proof.depth === 'deep' ? deep : quick;
      // The one is told by the clock of a host, the other by Temporal's, with which it is compared.
      const { began = '', time } = proof;
      const foundAt = began > time ? began : time;
      for (const path of pathsOf(proof, backupFolder(target, backup))) {
        if (!found.has(path) && counting?.has(path) !== false) found.set(path, foundAt);
      }
    } else if (proof.operation === 'verify') {
      quick = left(quick, proof);
      if (proof.depth === 'deep') deep = left(deep, proof);
      if (deep?.size === 0) break;
    }
  }
  return found;
}

function left(counting: Set<string> | undefined, { unread = [] }: Proof): Set<string> {
  return new Set(unread.filter((path) => counting?.has(path) !== false));
}

function pathsOf({ damaged, findings }: Proof, folder: string): string[] {
  if (damaged) return damaged;
  const told = (findings ?? []).filter(({ code }) => DAMAGE.includes(code));
  return told.map(({ object }) =>
    object.startsWith(folder) ? object.slice(folder.length) : object,
  );
}
