import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/**
 * Looks whether the store lets go what lies below a prefix, while nothing is lost: a service that denies it denies it
 * of a name, too, under which there is nothing.
 * @param name one of this run alone
 * @param foreign a database writes there as well
 * @throws STORE_*
 */
export async function tryRemoving(
  store: Store,
  prefix: string,
  name: string,
  signal: AbortSignal,
  { foreign = false } = {},
): Promise<void> {
  try {
    // Where a database writes, uploads that may not be listed stay, and keep nothing from being removed.
    if (!foreign) for await (const _ of store.openUploads(prefix, { signal })) break;
    await store.remove([prefix + name], { signal });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'STORE_DENIED') throw error;
    const { message, hint } = error;
    throw new HoldfastError('STORE_DENIED', `Nothing was deleted: ${message}`, {
      cause: error,
      hint,
    });
  }
}
