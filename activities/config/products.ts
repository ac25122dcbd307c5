import { z } from 'zod';

/** What the configuration needs of the registry: the schema of each product's `connection`. */
export const connections: ReadonlyMap<string, z.ZodObject> = new Map([
  ['influxdb-v2', z.looseObject({})],
]);
