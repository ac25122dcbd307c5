import type { BackupJob } from '../../workflows/contract/activities.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { writeProductObjects, type ProductObject } from '../catalog/product-objects.ts';
import type { Dependencies } from '../dependencies.ts';
import { HoldfastError } from '../failure.ts';
import { findInventory } from '../jobs/inventory.ts';
import type { Store } from '../stores/store.ts';
import { fullPlaceOf } from '../stores/place.ts';
import { storageOf } from '../workspace.ts';
import { basesOf } from './bases.ts';
import { collectReceipts } from './collect-receipts.ts';
import { concludeBackup } from './conclude-backup.ts';

/** What a run has taken, by whichever way, checked against what it set out to take. */
export interface Taken {
  captured: { from: string; to: string };
  artifacts: number;
  /** Of what lies in the Holdfast store. */
  lines: ObjectLine[];
  /** Of what the product keeps itself. */
  productObjects: ProductObject[];
  delegated?: Manifest['delegated'];
  detail: Record<string, unknown>;
  warnings: Warning[];
  /** It has not got what its predecessor holds and the source still names. */
  lacking?: boolean;
}

/** @throws BACKUP_INCOMPLETE */
export function takenBy(
  deps: Dependencies,
  at: Attempt,
  job: BackupJob,
  store: Store,
  folder: string,
): Promise<Taken> {
  return job.snapshot.kind === 'delegated'
    ? written(deps, at, job, store, folder)
    : streamed(at, job, store, folder);
}

async function streamed(at: Attempt, job: BackupJob, store: Store, folder: string): Promise<Taken> {
  const collected = await collectReceipts(store, folder, job, at.signal);
  const { plan, gone } = collected;
  const { lines, conclusion } = await concludeBackup(at, job, store, folder, collected);
  return {
    captured: { from: plan.captured.from, to: new Date().toISOString() },
    artifacts: plan.artifacts - gone.length,
    lines,
    productObjects: [],
    detail: conclusion.detail,
    warnings: [...plan.warnings, ...conclusion.warnings],
    ...(conclusion.lacking && { lacking: true }),
  };
}

async function written(
  deps: Dependencies,
  at: Attempt,
  job: BackupJob,
  store: Store,
  folder: string,
): Promise<Taken> {
  const { snapshot, backup } = job;
  const inventory = await findInventory(store, job, at.signal);
  if (!inventory) {
    throw new HoldfastError(
      'BACKUP_INCOMPLETE',
      `Backup ${backup} of ${snapshot.target} is not committed: the list of what the database wrote is missing.`,
    );
  }
  const { name, captured, objects, lines, bases, detail, warnings } = inventory;
  return {
    captured,
    artifacts: objects.length,
    lines,
    productObjects: objects,
    delegated: {
      name,
      place: fullPlaceOf(storageOf(snapshot)),
      objects: await writeProductObjects(store, folder, objects, at.signal),
      count: objects.length,
      bytes: objects.reduce((sum, object) => sum + object.bytes, 0),
      bases: await basesOf(store, job, bases, at.signal),
    },
    detail,
    warnings,
  };
}
