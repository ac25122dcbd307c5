import { HoldfastError } from '../failure.ts';
import { influxdbV2 } from './influxdb-v2/index.ts';
import type { Product } from './product.ts';

/** Every product that Holdfast knows: one line each. */
export const products: readonly Product[] = [influxdbV2];

/** @throws CONFIG_INVALID */
export function findProduct(name: string): Product {
  const found = products.find((product) => product.name === name);
  if (found) return found;
  throw new HoldfastError(
    'CONFIG_INVALID',
    `There is no product "${name}"; there is ${products.map((product) => product.name).join(', ')}.`,
  );
}
