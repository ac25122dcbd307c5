import type { z } from 'zod';
import { products } from '../products/registry.ts';

/** The schema of each product's `connection`; an unknown key in it is a mistake, whatever the product says. */
export const connections: ReadonlyMap<string, z.ZodObject> = new Map(
  products.map(({ name, connection }) => [name, connection.strict()]),
);
