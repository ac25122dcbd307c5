import { stat } from 'node:fs/promises';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import { serviceOf } from './place.ts';

/** Whether one bucket holds both: whoever empties it, or loses its key, loses both. */
export function sharesBucket(one: StoreSettings, other: StoreSettings): boolean {
  if (one.type === 'directory' || other.type === 'directory') return false;
  return one.bucket === other.bucket && serviceOf(one) === serviceOf(other);
}

/** Whether what loses the one loses the other. Of directories it is known only on a host that has both. */
export async function isOneFailureDomain(
  one: StoreSettings,
  other: StoreSettings,
): Promise<boolean> {
  if (one.type !== 'directory' || other.type !== 'directory') return sharesBucket(one, other);
  const [device, second] = await Promise.all([deviceOf(one.path), deviceOf(other.path)]);
  return device !== undefined && device === second;
}

async function deviceOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ dev }) => dev,
    () => undefined,
  );
}
