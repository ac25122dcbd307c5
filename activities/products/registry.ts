import { HoldfastError } from '../failure.ts';
import { aivenInfluxdb } from './aiven-influxdb/index.ts';
import { influxdb3Enterprise } from './influxdb-3-enterprise/index.ts';
import { influxdbV1 } from './influxdb-v1/index.ts';
import { influxdbV2 } from './influxdb-v2/index.ts';
import type { DelegatedProduct } from './delegated.ts';
import type { StreamedProduct } from './product.ts';
import { weaviate } from './weaviate/index.ts';

/**
 * A kind of database that Holdfast backs up. One folder, one line in the registry. Streamed: Holdfast moves the bytes.
 * Delegated: the product writes its backups by itself.
 *
 * Guarantees an adapter gives:
 * - every method may be repeated with the same arguments, also beside a late attempt of itself;
 * - every method ends within a second of `signal`;
 * - nothing it returns holds a secret: it goes into Temporal's history or the store;
 * - failures are `HoldfastError`s that name the server, the operation and whose fault it is.
 */
export type Product = StreamedProduct | DelegatedProduct;

/** Every product that Holdfast knows: one line each. */
export const products: readonly Product[] = [
  aivenInfluxdb,
  influxdb3Enterprise,
  influxdbV1,
  influxdbV2,
  weaviate,
];

/** @throws CONFIG_INVALID */
export function findProduct(name: string): Product {
  const found = products.find((product) => product.name === name);
  if (found) return found;
  throw new HoldfastError(
    'CONFIG_INVALID',
    `There is no product "${name}"; there is ${products.map((product) => product.name).join(', ')}.`,
  );
}

/** @throws CONFIG_INVALID, also when the product writes its backups by itself */
export function findStreamed(name: string): StreamedProduct {
  const product = findProduct(name);
  if (product.kind === 'streamed') return product;
  throw new HoldfastError('CONFIG_INVALID', `${name} writes its backups by itself.`);
}

/** @throws CONFIG_INVALID, also when Holdfast streams the product's backups */
export function findDelegated(name: string): DelegatedProduct {
  const product = findProduct(name);
  if (product.kind === 'delegated') return product;
  throw new HoldfastError('CONFIG_INVALID', `${name} does not write its backups by itself.`);
}

/** Whether a backup of one product can be restored into another. */
export function canRestore(backupOf: string, into: string): boolean {
  if (backupOf === into) return true;
  const product = findProduct(into);
  return product.kind === 'streamed' && (product.takes ?? []).includes(backupOf);
}
