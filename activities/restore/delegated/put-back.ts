import { HoldfastError } from '../../failure.ts';
import type { Throttle } from '../../pipeline/throttle.ts';
import type { Store } from '../../stores/store.ts';
import { sameBytes } from './same-bytes.ts';

interface PutBack {
  /** The backup that is restored. */
  backup: string;
  key: string;
  bytes: number;
  /** What the product wrote; opened again to compare it with what lies there. */
  open: () => AsyncIterable<Uint8Array>;
  throttle?: Throttle | undefined;
  signal: AbortSignal;
}

/**
 * What lies there is either an earlier attempt's work or not as the product wrote it.
 * @throws DESTINATION_CHANGED when something else appears there meanwhile
 */
export async function putBack(storage: Store, wanted: PutBack): Promise<void> {
  const { key, bytes, open, throttle, signal } = wanted;
  const there = await storage.head(key, { signal });
  if (there) {
    if (there.bytes === bytes && (await sameBytes(open(), storage, key, signal))) return;
    await storage.remove([key], { signal });
  }
  try {
    const paced = throttle ? throttle.paced(open(), signal) : open();
    await storage.create(key, paced, { signal, bytes });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'OBJECT_EXISTS') throw error;
    // An attempt that was given up may have ended it just now.
    const now = await storage.head(key, { signal });
    if (now?.bytes === bytes && (await sameBytes(open(), storage, key, signal))) return;
    throw new HoldfastError(
      'DESTINATION_CHANGED',
      `${key} appeared in ${storage.place} while backup ${wanted.backup} was put back there: another writes there too.`,
    );
  }
}
