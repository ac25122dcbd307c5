import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import type { StoreResources } from '../../activities/stores/resources.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { filesBelow } from '../support/files-below.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

/** A source and a spare server, a directory store, a worker and a Temporal server: all real but the databases. */
export interface World {
  source: InfluxSimulator;
  spare: InfluxSimulator;
  holdfast: Holdfast;
  store: TemporaryFolder;
  config: WorldConfig;
  manifest(backup: string): Promise<Manifest>;
  /** Every file in the store, relative to it. */
  files(): Promise<string[]>;
  stop(): Promise<void>;
}

interface WorldConfig {
  stores: Record<string, object>;
  targets: Record<string, Record<string, unknown>>;
}

export const SHARDS = 150;

/** Attempts that fail are repeated at once, and dead workers are noticed within seconds. */
export const HASTE = {
  heartbeat: '3s',
  lockWait: '2s',
  stall: '5s',
  retryPause: '200ms',
  attempts: 300,
};

export async function startWorld(
  options: {
    shards?: number;
    target?: object;
    concurrency?: number;
    rareHeartbeats?: boolean;
    stores?: StoreResources;
    /** False: the test starts its own. */
    worker?: boolean;
  } = {},
): Promise<World> {
  const store = await temporaryFolder('store');
  const source = await startInfluxSimulator({
    generate: [{ bucket: 'telemetry', shards: options.shards ?? SHARDS, shardBytes: 4096 }],
  });
  const spare = await startInfluxSimulator({ setup: { token: 'spare-token', bucket: 'spare' } });
  process.env['TEST_SOURCE_TOKEN'] = source.token;
  process.env['TEST_SPARE_TOKEN'] = spare.token;
  const target = (url: string, env: string, more: object = {}) => ({
    product: 'influxdb-v2',
    connection: { url, token: { env } },
    store: 'disk',
    timeouts: HASTE,
    ...more,
  });
  const config: WorldConfig = {
    stores: { disk: { type: 'directory', path: store.path } },
    targets: {
      metrics: target(source.url, 'TEST_SOURCE_TOKEN', options.target),
      spare: target(spare.url, 'TEST_SPARE_TOKEN', { safetyBackup: false }),
    },
  };
  const holdfast = await startHoldfast({
    address: inject('temporalAddress'),
    config,
    ...(options.concurrency && { concurrency: options.concurrency }),
    ...(options.rareHeartbeats && { rareHeartbeats: true }),
    ...(options.stores && { stores: options.stores }),
    ...(options.worker === false && { worker: false }),
  });
  return {
    source,
    spare,
    holdfast,
    store,
    config,
    manifest: async (backup) => {
      const text = await readFile(join(store.path, 'metrics', backup, 'backup.json'), 'utf8');
      return JSON.parse(text) as Manifest;
    },
    files: () => filesBelow(store.path),
    stop: async () => {
      await holdfast.stop();
      await source.stop();
      await spare.stop();
      await store.remove();
    },
  };
}

/** What a run failed with: a failure in the shape of the table of codes. */
export function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : error;
}
