import type { VerifyJob } from '../../workflows/contract/activities.ts';
import type { Finding } from '../../workflows/contract/operations.ts';
import type { ProductObject } from '../catalog/product-objects.ts';
import { checked } from '../copy/product-source.ts';
import { HoldfastError } from '../failure.ts';
import type { Store } from '../stores/store.ts';

/**
 * An object that lies with the product alone. Nobody knows its hash: `quick` compares what its storage tells with what it
 * told at the commit; `deep` also reads it to its end.
 */
export async function checkProductObject(
  storage: Store,
  { backup, depth }: VerifyJob,
  object: ProductObject,
  signal: AbortSignal,
): Promise<Finding[]> {
  const place = `${storage.place}/${object.key}`;
  const finding = (code: Finding['code'], what: string) => [
    { code, object: place, message: `${place} ${what}.` },
  ];
  const there = await storage.head(object.key, { signal });
  if (!there) return finding('OBJECT_MISSING', 'is missing');
  if (there.bytes !== object.bytes) {
    return finding('BACKUP_DAMAGED', `has ${there.bytes} bytes instead of ${object.bytes}`);
  }
  if (object.etag !== undefined && there.etag !== undefined && object.etag !== there.etag) {
    return finding('BACKUP_DAMAGED', 'was replaced since the backup was committed');
  }
  if (there.archived) {
    return finding('OBJECT_ARCHIVED', 'is archived, and not served before it is brought back');
  }
  if (depth === 'quick') return [];
  try {
    const bytes = storage.read(object.key, { signal, etag: object.etag });
    for await (const _ of checked({ storage, backup }, object, bytes));
    return [];
  } catch (error) {
    const damage = ['BACKUP_DAMAGED', 'OBJECT_ARCHIVED', 'OBJECT_UNREADABLE'];
    if (!(error instanceof HoldfastError) || !damage.includes(error.code)) throw error;
    return [{ code: error.code, object: place, message: error.message }];
  }
}
