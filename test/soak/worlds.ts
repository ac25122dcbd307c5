import type { WorkerProgram } from '../support/worker-program.ts';
import { aivenWorld } from './aiven-influxdb.ts';
import { enterpriseWorld } from './influxdb-3-enterprise.ts';
import { influxdbV2World } from './influxdb-v2.ts';
import { weaviateWorld } from './weaviate.ts';
import type { World } from './world.ts';

/** By product. */
export const WORLDS: Record<
  string,
  (options: { address: string; program: WorkerProgram }) => Promise<World>
> = {
  'influxdb-v2': influxdbV2World,
  weaviate: weaviateWorld,
  'influxdb-3-enterprise': enterpriseWorld,
  'aiven-influxdb': aivenWorld,
};
