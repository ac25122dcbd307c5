import {
  type EnterpriseSimulator,
  startEnterpriseSimulator,
} from '../simulators/influxdb-3-enterprise/index.ts';
import { startS3Simulator, type S3Simulator } from '../simulators/s3/server.ts';
import type { Bucket } from '../simulators/s3/bucket.ts';
import { HASTE, SECRETS, setStage, type Stage } from './stage.ts';

/** A stage with an InfluxDB 3 cluster that writes into an S3, as target `cluster` with the store `s3`. */
export interface EnterpriseStage extends Stage {
  cluster: EnterpriseSimulator;
  /** Where the cluster writes, below `cluster/`. */
  theirs: S3Simulator;
  /** Keys of the data that lay in the store when a worker took over from another one. */
  brought: Set<string>;
  /** Those of them that were brought once more. */
  movedAgain: Set<string>;
}

/** Of the objects that a backup is made of: they are copied in parts. */
const BALLAST = { files: 3, fileBytes: 6 * 1024 * 1024 };
const PARTS = { wholeBytes: 5 * 1024 * 1024, partBytes: 5 * 1024 * 1024 };
const TOKEN = 'token-of-the-cluster-4nVb8';

/** @param options.place `near`: in the bucket of the store, which then copies by itself; `far`: in another S3 */
export async function setEnterpriseStage(
  options: { place?: 'near' | 'far' } & Parameters<typeof setStage>[0] = {},
): Promise<EnterpriseStage> {
  const stage = await setStage({ shards: 1, ...options });
  const theirs = options.place === 'far' ? await startS3Simulator() : stage.s3;
  const place = { endpoint: theirs.url, bucket: theirs.bucketName, prefix: 'cluster' };
  const cluster = await startEnterpriseSimulator({
    token: TOKEN,
    storage: {
      type: 's3',
      ...place,
      accessKeyId: 'access-key-of-the-store',
      secretAccessKey: SECRETS.s3,
    },
  });
  Object.assign(cluster.cluster.ballast, BALLAST);
  cluster.cluster.write('telemetry', ['cpu v=1 1', 'cpu v=2 2', 'disk v=3 3']);
  process.env['FAULTS_CLUSTER_TOKEN'] = TOKEN;
  const { type, region, credentials } = stage.config.stores['s3'] ?? {};
  Object.assign(stage.config.targets, {
    cluster: {
      product: 'influxdb-3-enterprise',
      connection: {
        url: cluster.url,
        token: { env: 'FAULTS_CLUSTER_TOKEN' },
        clusterId: cluster.clusterId,
        storage: { type, region, credentials, ...place },
      },
      store: 's3',
      timeouts: HASTE,
      safetyBackup: false,
    },
  });
  await stage.reconfigure();
  const [brought, movedAgain] = [new Set<string>(), new Set<string>()];
  watchMoves(stage.s3.bucket, brought, movedAgain);
  return {
    ...stage,
    cluster,
    theirs,
    brought,
    movedAgain,
    worker: (orders, followed) => {
      for (const key of stage.s3.bucket.objects.keys())
        if (key.includes('/data/')) brought.add(key);
      return stage.worker({ copy: PARTS, ...orders }, followed);
    },
    stop: async () => {
      await stage.stop();
      await cluster.stop();
      if (theirs !== stage.s3) await theirs.close();
    },
  };
}

/** A store looks at its own first object by sending it twice: only what another worker brought is moved again. */
function watchMoves(bucket: Bucket, brought: Set<string>, movedAgain: Set<string>): void {
  const look = (key: string) => void (brought.has(key) && movedAgain.add(key));
  const [put, addPart] = [bucket.put.bind(bucket), bucket.addPart.bind(bucket)];
  bucket.put = (key, ...rest) => {
    look(key);
    return put(key, ...rest);
  };
  bucket.addPart = (id, ...rest) => {
    look(bucket.upload(id).key);
    return addPart(id, ...rest);
  };
}
