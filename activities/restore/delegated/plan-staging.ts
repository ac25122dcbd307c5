import type { RestoreJob } from '../../../workflows/contract/activities.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import type { TargetSnapshot } from '../../../workflows/contract/snapshot.ts';
import type { Attempt } from '../../attempt/attempt.ts';
import { isAsWritten, type ProductObject } from '../../catalog/product-objects.ts';
import { currentCopy } from '../../copy/current-copy.ts';
import type { Dependencies } from '../../dependencies.ts';
import { eachBounded } from '../../each-bounded.ts';
import { HoldfastError } from '../../failure.ts';
import { earlierPlace, storageMoved } from '../../moved-storage.ts';
import type { DelegatedBackup, DelegatedSession } from '../../products/delegated.ts';
import type { RestoreStep } from '../../products/product.ts';
import { fullPlaceOf } from '../../stores/place.ts';
import type { Store, StoredObject } from '../../stores/store.ts';
import { storageOf, withStorage } from '../../workspace.ts';
import { objectsLock } from './objects-lock.ts';

const AT_ONCE = 16;

/** How the objects of a backup come to lie where the product expects them. */
export interface Staging {
  /** Nothing is to be done; or from where the missing ones are taken. */
  from: 'in place' | 'the copy' | 'the storage of the source';
  /** The storage, as `fullPlaceOf` tells it, and the lock of what lies there. Absent in a plan of an older version. */
  place?: string | undefined;
  lock?: string | undefined;
  /** Folders in which nothing of the backup was left: what lies in them afterwards is ours to remove. */
  ours: string[];
  warnings: Warning[];
}

interface Question {
  job: RestoreJob;
  store: Store;
  /** Of the destination. */
  storage: Store;
  backup: DelegatedBackup;
  prefixes: string[] | undefined;
  session: DelegatedSession;
}

/**
 * Looks which objects the product still has at the destination as they were written, and where the others can be had.
 * @throws BACKUP_DAMAGED when one is nowhere, OBJECT_ARCHIVED when one is there and the product could not read it
 */
export async function planStaging(
  deps: Dependencies,
  at: Attempt,
  question: Question,
): Promise<{ steps: RestoreStep[]; staging: Staging }> {
  const { job, backup, session, storage, prefixes } = question;
  const there = await listBelow(storage, session, backup, at.signal);
  const wanted: ProductObject[] = [];
  const suspects: ProductObject[] = [];
  // Other files, as a product leaves them behind after a restore or a probe, keep nothing that is put back.
  const kept = new Set<string>();
  for await (const object of backup.objects()) {
    const found = there.get(object.key);
    if (found) kept.add(object.key);
    if (!isNeeded(object, prefixes)) continue;
    if (!isAsWritten(object, found)) wanted.push(object);
    else if (found?.archived) suspects.push(object);
  }
  await refuseArchived(storage, backup, suspects, at.signal);
  const place = placed(job.destination);
  const lock = objectsLock(backup.manifest, job.destination);
  if (wanted.length === 0) {
    return { steps: [], staging: { from: 'in place', place, lock, ours: [], warnings: [] } };
  }
  const keys = [...kept];
  const ours = foldersOf(session, backup).filter(
    (folder) => !keys.some((key) => key.startsWith(folder)),
  );
  const { from, steps, warnings } = await sourceOf(deps, at, question, wanted);
  warnings.push(...told(wanted, kept, ours));
  return { steps, staging: { from, place, lock, ours, warnings } };
}

/** Of what the product wrote for the backup, and for those that it rests on. */
function foldersOf({ backup: jobs }: DelegatedSession, backup: DelegatedBackup): string[] {
  const bases = backup.manifest.delegated?.bases ?? [];
  return [backup.name, ...bases.map(({ name }) => name)].map((name) => jobs.prefix(name));
}

/** @param prefixes as the product planned it */
export async function* neededOf(
  backup: DelegatedBackup,
  prefixes: string[] | undefined,
): AsyncGenerator<ProductObject> {
  for await (const object of backup.objects()) {
    if (isNeeded(object, prefixes)) yield object;
  }
}

function isNeeded({ key }: ProductObject, prefixes: string[] | undefined): boolean {
  return prefixes?.some((prefix) => key.startsWith(prefix)) ?? true;
}

const placed = (snapshot: TargetSnapshot) => fullPlaceOf(storageOf(snapshot));

/** What lies where the product expects the backup. */
export async function listBelow(
  storage: Store,
  session: DelegatedSession,
  backup: DelegatedBackup,
  signal: AbortSignal,
): Promise<Map<string, StoredObject>> {
  const there = new Map<string, StoredObject>();
  for (const folder of foldersOf(session, backup)) {
    for await (const object of storage.list(folder, { signal })) there.set(object.key, object);
  }
  return there;
}

async function refuseArchived(
  storage: Store,
  { manifest }: DelegatedBackup,
  suspects: ProductObject[],
  signal: AbortSignal,
): Promise<void> {
  await eachBounded(suspects, AT_ONCE, async ({ key }) => {
    if (!(await storage.head(key, { signal }))?.archived) return;
    throw new HoldfastError(
      'OBJECT_ARCHIVED',
      `Backup ${manifest.id} of ${manifest.target} cannot be restored now: ${storage.place}/${key} is archived, and the ` +
        'database could not read it before it is brought back.',
    );
  });
}

async function sourceOf(
  deps: Dependencies,
  at: Attempt,
  { job, store, backup }: Question,
  wanted: ProductObject[],
): Promise<{ from: Staging['from']; steps: RestoreStep[]; warnings: Warning[] }> {
  const { manifest } = backup;
  const copy = await currentCopy(store, manifest, at.signal);
  const unreadable = copy?.unreadable;
  if (copy && unreadable === undefined) {
    const { lines } = copy;
    const steps = wanted.map((object) => stepFor(object, lines.get(object.key)));
    const lost = wanted.find(({ key }) => !lines.has(key));
    if (lost)
      throw nowhere(backup, lost, `its copy in store ${store.name} does not hold it either`);
    return { from: 'the copy', steps, warnings: [] };
  }
  await withStorage(deps, job.snapshot, async (source) => {
    const elsewhere = placed(job.snapshot) !== placed(job.destination);
    for (const object of wanted) {
      const there = elsewhere ? await source.head(object.key, { signal: at.signal }) : undefined;
      if (isAsWritten(object, there)) continue;
      if (earlierPlace(manifest, job.snapshot) !== undefined) {
        throw storageMoved(manifest, job.snapshot);
      }
      const isBroken = `its copy cannot be read: ${unreadable?.replace(/\.$/, '')}`;
      throw nowhere(
        backup,
        object,
        unreadable === undefined ? 'it has not been copied yet' : isBroken,
      );
    }
  });
  const steps = wanted.map((object) => stepFor(object));
  const warnings = unreadable === undefined ? [] : [withoutCopy(backup, unreadable)];
  return { from: 'the storage of the source', steps, warnings };
}

function withoutCopy({ manifest: { id, target } }: DelegatedBackup, why: string): Warning {
  return {
    code: 'COPY_DAMAGED',
    message:
      `The copy of backup ${id} of ${target} cannot be read, so its objects are taken from the database's storage; ` +
      `\`holdfast copy ${target} ${id}\` makes it whole: ${why}`,
    subject: id,
  };
}

function stepFor(object: ProductObject, lines: RestoreStep['lines'] = []): RestoreStep {
  const { key, bytes, subject } = object;
  return { subject, lines, key: { key, bytes } };
}

function nowhere({ manifest }: DelegatedBackup, { key }: ProductObject, why: string) {
  return new HoldfastError(
    'BACKUP_DAMAGED',
    `Backup ${manifest.id} of ${manifest.target} cannot be restored: ${key} is not in ` +
      `${manifest.delegated?.place} as it was written, and ${why}.`,
  );
}

/** Of what is put back beside what was left, and stays. */
function told(wanted: ProductObject[], kept: ReadonlySet<string>, ours: string[]): Warning[] {
  const staying = wanted.filter(({ key }) => !ours.some((folder) => key.startsWith(folder)));
  const [first] = staying.toSorted((a, b) => Number(kept.has(b.key)) - Number(kept.has(a.key)));
  if (!first) return [];
  return [
    {
      code: 'PRODUCT_OBJECTS_CHANGED',
      message:
        `${staying.length} objects are changed or gone since the database wrote them, ${first.key} for one; those of ` +
        'the copy are put in their place and stay there.',
      subject: first.key,
    },
  ];
}
