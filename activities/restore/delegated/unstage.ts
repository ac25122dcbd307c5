import { removeBelow } from '../../catalog/remove-below.ts';
import type { Store } from '../../stores/store.ts';
import type { Staging } from './plan-staging.ts';

/**
 * Removes what was put back for the product, and what the product wrote beside it meanwhile. A folder in which the
 * product still had objects of its own is left as it is: they are whole again. Nobody else reads them: the lock of these
 * objects is held.
 */
export async function unstage(
  storage: Store,
  { ours }: Staging,
  signal: AbortSignal,
): Promise<void> {
  for (const folder of ours) await removeBelow(storage, folder, signal, { foreign: true });
}
