import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { inject } from 'vitest';
import type { Collected } from '../../activities/catalog/collected.ts';
import { withDigest } from '../../activities/catalog/manifest-digest.ts';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { CopyReport } from '../../workflows/contract/operations.ts';
import { startS3Simulator, type S3Simulator } from '../simulators/s3/server.ts';
import {
  s3Storage,
  startWeaviateSimulator,
  type WeaviateSimulator,
} from '../simulators/weaviate/index.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { seedArticles } from './seed-articles.ts';
import { HASTE } from './world.ts';

/** A database that writes into one S3, and stores in that one and in another. */
export interface CopyWorld {
  database: WeaviateSimulator;
  /** Where the database writes, below `weaviate/`; the store of the target `near` lies there too. */
  near: S3Simulator;
  /** Of the targets `far` and `sealed`. */
  far: S3Simulator;
  holdfast: Holdfast;
  /** How long a copy may take from now on. */
  allowCopies(time: string): Promise<void>;
  /** Waits for the copy that the backup began, or for its failure. */
  copied(target: string, backup: string): Promise<CopyReport>;
  manifest(target: string, backup: string): Manifest;
  collected(target: string, backup: string): Collected;
  /** Keys of a backup in its store, relative to its folder, in order. */
  keys(target: string, backup: string): string[];
  /** Keys of what the database wrote for a backup. */
  written(backup: string): string[];
  /** As if the copy had never been. */
  forgetCopy(target: string, backup: string): void;
  /** As if the product had written a backup on top of an earlier one. */
  restOn(target: string, backup: string, base: string): void;
  stop(): Promise<void>;
}

export async function startCopyWorld(
  options: { copy?: string; notify?: object[]; timeouts?: object; limits?: object } = {},
): Promise<CopyWorld> {
  const [near, far] = [await startS3Simulator(), await startS3Simulator()];
  const identity = await generateX25519Identity();
  Object.assign(process.env, {
    TEST_COPY_KEY: 'a-key',
    TEST_COPY_SECRET: 'a-secret-of-the-tests',
    TEST_COPY_IDENTITY: identity,
  });
  const database = await startWeaviateSimulator({
    storage: s3Storage({
      endpoint: near.url,
      bucket: near.bucketName,
      path: 'weaviate',
      accessKeyId: 'a-key',
      secretAccessKey: 'a-secret-of-the-tests',
    }),
    chunkBytes: 1024,
  });
  await seedArticles(database.url);
  const s3 = ({ bucketName, url }: S3Simulator, prefix: string) => ({
    type: 's3',
    bucket: bucketName,
    prefix,
    endpoint: url,
    region: 'us-east-1',
    credentials: {
      accessKeyId: { env: 'TEST_COPY_KEY' },
      secretAccessKey: { env: 'TEST_COPY_SECRET' },
    },
  });
  const target = (store: string, copy: string | undefined, more: object = {}) => ({
    product: 'weaviate',
    connection: { url: database.url, storage: s3(near, 'weaviate') },
    store,
    timeouts: { ...HASTE, ...options.timeouts, ...(copy ? { copy } : {}) },
    safetyBackup: false,
    ...(options.notify ? { notify: options.notify } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
    ...more,
  });
  const recipients = [await identityToRecipient(identity)];
  const encryption = { recipients, identity: { env: 'TEST_COPY_IDENTITY' } };
  const config = (copy?: string) => ({
    stores: { near: s3(near, 'holdfast'), far: s3(far, 'holdfast') },
    targets: {
      near: target('near', copy),
      far: target('far', copy),
      sealed: target('far', copy, { encryption }),
    },
  });
  const holdfast = await startHoldfast({
    address: inject('temporalAddress'),
    stores: createStoreResources({ retry: { tries: 2, pauseMs: 5 } }),
    config: config(options.copy),
  });
  const bucketOf = (name: string) => (name === 'near' ? near : far).bucket;
  const folder = (name: string, backup: string) => `holdfast/${name}/${backup}/`;
  const json = (name: string, backup: string, file: string): unknown => {
    const object = bucketOf(name).objects.get(folder(name, backup) + file);
    return object && JSON.parse(object.body.toString());
  };
  const keys = (name: string, backup: string) =>
    bucketOf(name)
      .listed(folder(name, backup))
      .map(([key]) => key.slice(folder(name, backup).length));
  return {
    database,
    near,
    far,
    holdfast,
    allowCopies: (time) => holdfast.configure(config(time)),
    copied: async (name, backup) =>
      (await holdfast.client.workflow.getHandle(`copy/${name}/${backup}`).result()) as CopyReport,
    manifest: (name, backup) => json(name, backup, 'backup.json') as Manifest,
    collected: (name, backup) => json(name, backup, 'collected.json') as Collected,
    keys,
    written: (backup) =>
      near.bucket.listed(`weaviate/${backup}/`).map(([key]) => key.slice('weaviate/'.length)),
    forgetCopy(name, backup) {
      const own = new Set(['collected.json', 'collected.ndjson.gz']);
      for (const key of keys(name, backup)) {
        const copied = key.startsWith(`data/${backup}/`);
        if (copied || own.has(key)) bucketOf(name).objects.delete(folder(name, backup) + key);
      }
    },
    restOn(name, backup, base) {
      const { digest: _, ...manifest } = json(name, backup, 'backup.json') as Manifest;
      manifest.delegated?.bases.push({ backup: base, name: base });
      const bytes = Buffer.from(JSON.stringify(withDigest(manifest)));
      bucketOf(name).put(`${folder(name, backup)}backup.json`, bytes, {}, false);
    },
    async stop() {
      await holdfast.stop();
      await database.stop();
      await near.close();
      await far.close();
    },
  };
}
