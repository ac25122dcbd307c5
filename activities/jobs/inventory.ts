import type { BackupJob } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { firstOf, readIfThere } from '../catalog/json.ts';
import { backupFolder, WORK } from '../catalog/layout.ts';
import type { ObjectLine } from '../catalog/manifest.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import type { Store } from '../stores/store.ts';

/** What a product was found to have written, checked and whole; the commit names it. Written once. */
export interface TakenInventory {
  name: string;
  captured: { from: string; to: string };
  objects: ProductObject[];
  /** Lines of what Holdfast itself stored beside it. */
  lines: ObjectLine[];
  /** The product's names of the backups that it rests on. */
  bases: string[];
  detail: Record<string, unknown>;
  warnings: Warning[];
}

const INVENTORY = `${WORK}inventory.json`;

export async function findInventory(
  store: Store,
  { snapshot, backup }: BackupJob,
  signal: AbortSignal,
): Promise<TakenInventory | undefined> {
  const key = backupFolder(snapshot.target, backup) + INVENTORY;
  return (await readIfThere(store, key, signal)) as TakenInventory | undefined;
}

export async function noteInventory(
  store: Store,
  { snapshot, backup }: BackupJob,
  taken: TakenInventory,
  signal: AbortSignal,
): Promise<TakenInventory> {
  const key = backupFolder(snapshot.target, backup) + INVENTORY;
  return firstOf(store, key, taken, signal);
}
