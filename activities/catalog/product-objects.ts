import { z } from 'zod';
import type { Store, StoredObject } from '../stores/store.ts';
import { backupFolder } from './layout.ts';
import type { Manifest } from './manifest.ts';
import { readList, writeList, type ListReference } from './object-list.ts';

/** An object that the product itself wrote (docs/formats.md). One line of `product.ndjson.gz`. */
export const productObjectSchema = z.object({
  /** Relative to the product's storage. */
  key: z.string(),
  bytes: z.number().int().nonnegative(),
  /** As the storage told it when the backup was committed. */
  etag: z.string().optional(),
  role: z.string(),
  /** For people: `class Article on node1`. */
  subject: z.string(),
});
export type ProductObject = z.infer<typeof productObjectSchema>;

/** Its own storage says it by size and ETag; an ETag that only one side tells proves nothing. */
export function isAsWritten(wanted: ProductObject, there: StoredObject | undefined): boolean {
  if (there?.bytes !== wanted.bytes) return false;
  return !wanted.etag || !there.etag || wanted.etag === there.etag;
}

const PRODUCT_OBJECTS = 'product.ndjson.gz';

export function writeProductObjects(
  store: Store,
  folder: string,
  objects: ProductObject[],
  signal?: AbortSignal,
): Promise<ListReference> {
  return writeList(store, folder, PRODUCT_OBJECTS, objects, signal);
}

/** What the product wrote, as the commit listed it; nothing for a streamed backup. @throws BACKUP_DAMAGED */
export async function* readProductObjects(
  store: Store,
  { target, id, delegated }: Manifest,
  signal?: AbortSignal,
): AsyncGenerator<ProductObject> {
  if (!delegated) return;
  yield* readList(store, backupFolder(target, id), delegated.objects, productObjectSchema, signal);
}
