import type { z } from 'zod';
import { connectionSchema } from '../products/influxdb-v2/config.ts';

/** The schema of each product's `connection`; an unknown key in it is a mistake, whatever the product says. */
export const connections: ReadonlyMap<string, z.ZodObject> = new Map([
  ['influxdb-v2', connectionSchema],
]);
