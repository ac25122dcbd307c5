import type { Warning } from '../../workflows/contract/progress.ts';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import { sharesBucket } from '../stores/failure-domain.ts';
import { serviceOf } from '../stores/place.ts';
import type { Problem } from './problem.ts';

/** Two stores in one place would take each other's objects for leftovers. */
export function checkOverlaps(stores: readonly StoreSettings[]): Problem[] {
  return stores.flatMap((store, index) =>
    stores
      .slice(0, index)
      .filter((other) => overlap(placeOf(store), placeOf(other)))
      .map((other) => ({
        path: ['stores', store.name],
        text: `expected a place of its own, found one that overlaps with the store "${other.name}"`,
      })),
  );
}

/**
 * A database that writes into a store would have its objects taken for a backup's, and removed with it; and its copies
 * would be lost together with what they are copies of.
 */
export function checkProductStorages(
  stores: readonly StoreSettings[],
  storages: readonly { target: string; storage: StoreSettings }[],
): Problem[] {
  return storages.flatMap(({ target, storage }) =>
    stores
      .filter((store) => overlap(placeOf(store), placeOf(storage)))
      .map((store) => ({
        path: ['targets', target, 'connection', 'storage'],
        text: `expected a place outside all stores, found one that overlaps with the store "${store.name}"`,
      })),
  );
}

/** Legal, and perhaps all that there is: its author should know that the copies are no second place. */
export function copiesBeside(
  stores: ReadonlyMap<string, StoreSettings>,
  storages: readonly { target: string; store: string; storage: StoreSettings }[],
): Warning[] {
  return storages.flatMap(({ target, store: name, storage }) => {
    const store = stores.get(name);
    if (!store || storage.type !== 's3' || !sharesBucket(storage, store)) return [];
    return [
      {
        code: 'COPY_BESIDE_SOURCE',
        subject: `targets.${target}.store`,
        message: `targets.${target}: its store "${name}" is in the bucket ${storage.bucket}, where the database writes its backups by itself, so their copies are lost together with them: give it a store in another bucket, best of another service.`,
      },
    ];
  });
}

function placeOf(store: StoreSettings): string[] {
  if (store.type === 'directory') return ['directory', ...segments(store.path)];
  return ['s3', serviceOf(store), store.bucket, ...segments(store.prefix ?? '')];
}

function segments(path: string): string[] {
  return path.split(/[\\/]/).filter(Boolean);
}

function overlap(one: string[], other: string[]): boolean {
  const shorter = Math.min(one.length, other.length);
  return one.slice(0, shorter).every((segment, index) => segment === other[index]);
}
