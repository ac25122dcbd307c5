import type { WorkerProgram } from '../support/worker-program.ts';
import { influxdbV2World } from './influxdb-v2.ts';
import type { World } from './world.ts';

/** By product. */
export const WORLDS: Record<
  string,
  (options: { address: string; program: WorkerProgram }) => Promise<World>
> = {
  'influxdb-v2': influxdbV2World,
};
