import type { RestoreJob } from '../../../workflows/contract/activities.ts';
import type { Warning } from '../../../workflows/contract/progress.ts';
import type { TargetSnapshot } from '../../../workflows/contract/snapshot.ts';
import type { Attempt } from '../../attempt.ts';
import { collectedByKey, readCollected } from '../../catalog/collected.ts';
import { isAsWritten, type ProductObject } from '../../catalog/product-objects.ts';
import type { Dependencies } from '../../dependencies.ts';
import { HoldfastError } from '../../failure.ts';
import { earlierPlace, storageMoved } from '../../moved-storage.ts';
import type { DelegatedBackup } from '../../products/delegated.ts';
import type { RestoreStep } from '../../products/product.ts';
import { fullPlaceOf } from '../../stores/place.ts';
import type { Store, StoredObject } from '../../stores/store.ts';
import { storageOf, withStorage } from '../../workspace.ts';

/** How the objects of a backup come to lie where the product expects them. */
export interface Staging {
  /** Nothing is to be done; or from where the missing ones are taken. */
  from: 'in place' | 'the copy' | 'the storage of the source';
  /** Folders that were empty before: what lies in them afterwards is ours to remove. */
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
  folderOf(name: string): string;
}

/**
 * Looks which objects the product still has at the destination as they were written, and where the others can be had.
 * @throws BACKUP_DAMAGED when one is nowhere
 */
export async function planStaging(
  deps: Dependencies,
  at: Attempt,
  question: Question,
): Promise<{ steps: RestoreStep[]; staging: Staging }> {
  const { backup, storage, prefixes } = question;
  const names = [backup.name, ...(backup.manifest.delegated?.bases ?? []).map(({ name }) => name)];
  const folders = names.map((name) => question.folderOf(name));
  const there = await listed(storage, folders, at.signal);
  const wanted: ProductObject[] = [];
  for await (const object of backup.objects()) {
    const needed =
      prefixes === undefined || prefixes.some((prefix) => object.key.startsWith(prefix));
    if (needed && !isAsWritten(object, there.get(object.key))) wanted.push(object);
  }
  if (wanted.length === 0) {
    return { steps: [], staging: { from: 'in place', ours: [], warnings: [] } };
  }
  const keys = [...there.keys()];
  const ours = folders.filter((folder) => !keys.some((key) => key.startsWith(folder)));
  const found = await sourceOf(deps, at, question, wanted);
  return { steps: found.steps, staging: { from: found.from, ours, warnings: told(wanted, there) } };
}

const placed = (snapshot: TargetSnapshot) => fullPlaceOf(storageOf(snapshot));

async function listed(
  storage: Store,
  folders: string[],
  signal: AbortSignal,
): Promise<Map<string, StoredObject>> {
  const there = new Map<string, StoredObject>();
  for (const folder of folders) {
    for await (const object of storage.list(folder, { signal })) there.set(object.key, object);
  }
  return there;
}

async function sourceOf(
  deps: Dependencies,
  at: Attempt,
  { job, store, backup }: Question,
  wanted: ProductObject[],
): Promise<{ from: Staging['from']; steps: RestoreStep[] }> {
  const { manifest } = backup;
  const collected = await readCollected(store, manifest.target, manifest.id, at.signal);
  if (collected) {
    const lines = await collectedByKey(store, manifest, collected, at.signal);
    const steps = wanted.map((object) => stepFor(object, lines.get(object.key)));
    const lost = wanted.find(({ key }) => !lines.has(key));
    if (lost)
      throw nowhere(backup, lost, `its copy in store ${store.name} does not hold it either`);
    return { from: 'the copy', steps };
  }
  await withStorage(deps, job.snapshot, async (source) => {
    const elsewhere = placed(job.snapshot) !== placed(job.destination);
    for (const object of wanted) {
      const there = elsewhere ? await source.head(object.key, { signal: at.signal }) : undefined;
      if (isAsWritten(object, there)) continue;
      if (earlierPlace(manifest, job.snapshot) !== undefined) {
        throw storageMoved(manifest, job.snapshot);
      }
      throw nowhere(backup, object, 'it has not been copied yet');
    }
  });
  return { from: 'the storage of the source', steps: wanted.map((object) => stepFor(object)) };
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

function told(wanted: ProductObject[], there: Map<string, StoredObject>): Warning[] {
  const changed = wanted.filter(({ key }) => there.has(key));
  const [first] = changed;
  if (!first) return [];
  return [
    {
      code: 'PRODUCT_OBJECTS_CHANGED',
      message:
        `${changed.length} objects are not as the database wrote them, ${first.key} for one; they are replaced by ` +
        'those of the copy.',
      subject: first.key,
    },
  ];
}
