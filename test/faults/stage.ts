import { inject } from 'vitest';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { startS3Simulator, type S3Simulator } from '../simulators/s3/server.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  loadWorkerProcess,
  type WaitingWorker,
  type WorkerOrders,
  type WorkerProcess,
} from '../support/worker-process.ts';
import type { WorkerProgram } from '../support/worker-program.ts';

/** A source, a spare server, both kinds of store, a namespace: everything but the databases' own bytes is real. */
export interface Stage {
  source: InfluxSimulator;
  spare: InfluxSimulator;
  s3: S3Simulator;
  disk: string;
  spool: string;
  /** Of Temporal. */
  address: string;
  holdfast: Holdfast;
  config: StageConfig;
  /** Writes the configuration anew, as changed in `config`. */
  reconfigure(): Promise<void>;
  /** A worker in a process of its own. Where another one follows, that one is loaded meanwhile. */
  worker(orders?: Partial<WorkerOrders>, followed?: boolean): Promise<WorkerProcess>;
  stop(): Promise<void>;
}

export interface StageConfig {
  stores: Record<string, Record<string, unknown>>;
  targets: Record<string, Record<string, unknown>>;
}

/** Attempts that fail are repeated at once, and dead workers are noticed within seconds. */
export const HASTE = {
  heartbeat: '2s',
  lockWait: '2s',
  stall: '5s',
  retryPause: '200ms',
  attempts: 60,
};
export const SECRETS = {
  source: 'token-of-the-source-wRkq7',
  spare: 'token-of-the-spare-9hYt2',
  s3: 'secret-key-of-the-store-Zc81x',
};

/** @param options.program for a stage whose workers are processes of their own */
export async function setStage(
  options: {
    shards?: number;
    shardBytes?: number;
    target?: object;
    program?: WorkerProgram;
    address?: string;
  } = {},
): Promise<Stage> {
  const disk = await temporaryFolder('store');
  const spool = await temporaryFolder('spool');
  const source = await startInfluxSimulator({
    setup: { token: SECRETS.source },
    generate: [
      { bucket: 'telemetry', shards: options.shards ?? 70, shardBytes: options.shardBytes ?? 2048 },
    ],
  });
  const spare = await startInfluxSimulator({
    setup: { token: SECRETS.spare, org: 'other', bucket: 'other' },
    generate: [{ shards: 1, shardBytes: 1024 }],
  });
  const s3 = await startS3Simulator();
  process.env['FAULTS_SOURCE_TOKEN'] = SECRETS.source;
  process.env['FAULTS_SPARE_TOKEN'] = SECRETS.spare;
  process.env['FAULTS_S3_KEY'] = 'access-key-of-the-store';
  process.env['FAULTS_S3_SECRET'] = SECRETS.s3;
  const target = (url: string, env: string, store: string, more: object = {}) => ({
    product: 'influxdb-v2',
    connection: { url, token: { env } },
    store,
    timeouts: HASTE,
    ...more,
  });
  const config: StageConfig = {
    stores: {
      disk: { type: 'directory', path: disk.path },
      s3: {
        type: 's3',
        bucket: s3.bucketName,
        prefix: 'holdfast',
        region: 'us-east-1',
        endpoint: s3.url,
        partSize: '5MiB',
        credentials: {
          accessKeyId: { env: 'FAULTS_S3_KEY' },
          secretAccessKey: { env: 'FAULTS_S3_SECRET' },
        },
      },
    },
    targets: {
      metrics: target(source.url, 'FAULTS_SOURCE_TOKEN', 'disk', options.target),
      remote: target(source.url, 'FAULTS_SOURCE_TOKEN', 's3', options.target),
      spare: target(spare.url, 'FAULTS_SPARE_TOKEN', 'disk'),
    },
  };
  const address = options.address ?? inject('temporalAddress');
  const holdfast = await startHoldfast({ address, config, worker: options.program === undefined });
  const { program } = options;
  const loaded: WaitingWorker[] = [];
  const load = () => {
    if (!program) throw new Error('This stage has a worker of its own.');
    const worker = loadWorkerProcess(program);
    loaded.push(worker);
    return worker;
  };
  let standby: WaitingWorker | undefined;
  return {
    source,
    spare,
    s3,
    disk: disk.path,
    spool: spool.path,
    address,
    holdfast,
    config,
    reconfigure: () => holdfast.configure(config),
    worker: async (orders, followed = false) => {
      const worker = standby ?? load();
      standby = followed ? load() : undefined;
      return worker.start({
        address,
        namespace: holdfast.namespace,
        configPath: holdfast.configPath,
        spoolRoot: spool.path,
        workflows: program?.workflows ?? '',
        ...orders,
      });
    },
    stop: async () => {
      await Promise.all(loaded.map((worker) => worker.kill()));
      await holdfast.stop();
      await Promise.all([source.stop(), spare.stop(), s3.close(), disk.remove(), spool.remove()]);
    },
  };
}

/** What a query would see of a bucket: the same text for the same points. */
export async function pointsOf(server: InfluxSimulator, bucket: string): Promise<string[]> {
  const found = server.state.metadata.buckets.find(({ name }) => name === bucket);
  if (!found) throw new Error(`There is no bucket ${bucket}.`);
  const points: string[] = [];
  for (const id of found.groups.flatMap((group) => group.shards)) {
    for (const [key, column] of (await server.state.shards.get(id)?.columns()) ?? []) {
      for (const [time, value] of column.points) points.push(`${key} ${time} ${String(value)}`);
    }
  }
  return points.sort();
}

/** The buckets that people would see, as `organisation/name`. */
export function bucketsOf(server: InfluxSimulator): string[] {
  const { organisations, buckets } = server.state.metadata;
  const names = new Map(organisations.map(({ id, name }) => [id, name]));
  return buckets
    .filter(({ type }) => type === 'user')
    .map(({ orgID, name }) => `${names.get(orgID) ?? '?'}/${name}`)
    .toSorted();
}
