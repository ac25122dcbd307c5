import type { Warning } from '../../workflows/contract/progress.ts';
import type { Manifest, ObjectLine } from '../catalog/manifest.ts';
import { writeProductObjects, type ProductObject } from '../catalog/product-objects.ts';
import { HoldfastError } from '../failure.ts';
import { findInventory } from '../jobs/inventory.ts';
import { fullPlaceOf } from '../stores/place.ts';
import { storageOf } from '../workspace.ts';
import { basesOf } from './bases.ts';
import { collectReceipts } from './collect-receipts.ts';
import { concludeBackup } from './conclude-backup.ts';
import type { UnderWay } from './under-way.ts';

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
export function takenBy(backup: UnderWay): Promise<Taken> {
  return backup.job.snapshot.kind === 'delegated' ? written(backup) : streamed(backup);
}

async function streamed(backup: UnderWay): Promise<Taken> {
  const collected = await collectReceipts(backup);
  const { plan, gone } = collected;
  const { lines, conclusion } = await concludeBackup(backup, collected);
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

async function written({ at, job, store, folder }: UnderWay): Promise<Taken> {
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
