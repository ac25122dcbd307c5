import type { z } from 'zod';
import type { StoreSettings } from '../../workflows/contract/snapshot.ts';
import { findProduct, products } from '../products/registry.ts';

/** The schema of each product's `connection`; an unknown key in it is a mistake, whatever the product says. */
export const connections: ReadonlyMap<string, z.ZodObject> = new Map(
  products.map(({ name, connection }) => [name, connection.strict()]),
);

/** Whether nothing but a restore can be done with a target of it. */
export function isRestoreOnly(product: string): boolean {
  const found = findProduct(product);
  return found.kind === 'streamed' && found.restoreOnly === true;
}

/** Where a database writes its backups by itself; undefined for one that Holdfast reads. */
export function storageOf(
  product: string,
  connection: Record<string, unknown>,
): StoreSettings | undefined {
  const found = findProduct(product);
  return found.kind === 'delegated' ? found.storage(connection) : undefined;
}
