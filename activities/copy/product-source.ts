import type { ProductObject } from '../catalog/product-objects.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

interface Place {
  storage: Store;
  backup: string;
}

/**
 * The bytes of an object as the product wrote it.
 * @throws BACKUP_DAMAGED when it is gone, replaced, or not as long as it was when the backup was committed
 */
export async function* checked(
  place: Place,
  object: ProductObject,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > object.bytes) break;
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.code === 'OBJECT_MISSING') throw damaged(place, object, 'is gone', error);
    if (error.code === 'OBJECT_CHANGED') throw damaged(place, object, 'was replaced', error);
    throw error;
  }
  if (bytes > object.bytes) throw damaged(place, object, `has more than ${object.bytes} bytes`);
  if (bytes < object.bytes) {
    throw damaged(place, object, `has ${bytes} bytes instead of ${object.bytes}`);
  }
}

export function damaged(
  { storage, backup }: Place,
  { key }: ProductObject,
  what: string,
  cause?: unknown,
): HoldfastError {
  return new HoldfastError(
    'BACKUP_DAMAGED',
    `The object ${storage.place}/${key}, which belongs to backup ${backup}, ${what} since the database wrote it.`,
    { cause },
  );
}
