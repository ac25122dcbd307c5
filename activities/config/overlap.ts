import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import type { Problem } from './problems.ts';

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

function placeOf(store: StoreSettings): string[] {
  if (store.type === 'directory') return ['directory', ...segments(store.path)];
  const host = store.endpoint ? new URL(store.endpoint).host.toLowerCase() : 'aws';
  return ['s3', host, store.bucket, ...segments(store.prefix ?? '')];
}

function segments(path: string): string[] {
  return path.split(/[\\/]/).filter(Boolean);
}

function overlap(one: string[], other: string[]): boolean {
  const shorter = Math.min(one.length, other.length);
  return one.slice(0, shorter).every((segment, index) => segment === other[index]);
}
