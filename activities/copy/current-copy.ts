import { createHash } from 'node:crypto';
import {
  COLLECTED,
  collectedByKey,
  readCollected,
  type Collected,
  type CollectedLine,
} from '../catalog/collected.ts';
import { readWhole } from '../catalog/json.ts';
import { backupFolder } from '../catalog/layout.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/** The copy of a backup that was committed, whatever became of it since. */
export interface CurrentCopy {
  /** Of the very bytes of `collected.json`: whoever mends the copy replaces just that one. */
  mark: string;
  collected: Collected | undefined;
  /** By the product's key; empty when the copy's list cannot be read. */
  lines: Map<string, CollectedLine[]>;
  /** Why it, or its list, cannot be read. */
  unreadable?: string;
}

/** @throws BACKUP_FORMAT_NEWER: a newer Holdfast may know that it is sound */
export async function currentCopy(
  store: Store,
  manifest: { target: string; id: string },
  signal: AbortSignal,
): Promise<CurrentCopy | undefined> {
  const { target, id } = manifest;
  const mark = await copyMark(store, manifest, signal);
  if (mark === undefined) return undefined;
  let collected: Collected | undefined;
  try {
    collected = await readCollected(store, target, id, signal);
    if (!collected) return undefined;
    return { mark, collected, lines: await collectedByKey(store, manifest, collected, signal) };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'BACKUP_DAMAGED') throw error;
    return { mark, collected, lines: new Map(), unreadable: error.message };
  }
}

/** Tells one `collected.json` from the one that replaced it; undefined while there is none. */
export async function copyMark(
  store: Store,
  { target, id }: { target: string; id: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const bytes = await readWhole(store, backupFolder(target, id) + COLLECTED, signal);
    return createHash('sha256').update(bytes).digest('hex');
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'OBJECT_MISSING') return undefined;
    throw error;
  }
}
