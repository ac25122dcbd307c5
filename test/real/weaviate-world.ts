import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import { filesBelow } from '../support/files-below.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { startVersitygw, type Versitygw } from '../support/versitygw.ts';
import { askWeaviate, readObjects } from '../support/weaviate-data.ts';
import { startGate, type Gate } from '../support/weaviate-gate.ts';
import { TENANTS } from '../support/weaviate-seed.ts';
import { startWeaviate, type Weaviate } from '../support/weaviate.ts';
import { secret } from './adapter.ts';

export const OWN_BUCKET = 'weaviate-backups';
export const OWN_PATH = 'cluster-a';
export const BUCKET = 'holdfast';
export const API_KEY = 'an-api-key-for-tests';

export const PATIENCE = { heartbeat: '5s', retryPause: '500ms', attempts: 300, stall: '20s' };

/** A real Weaviate behind an API key, with an S3 server of its own behind a gate, and Holdfast with another one. */
export interface WeaviateWorld {
  weaviate: Weaviate;
  /** Between the database and its storage; Holdfast goes past it. */
  gate: Gate;
  /** Between Holdfast and the database; tests go past it. */
  front: Gate;
  holdfast: Holdfast;
  /** The database's own storage, and Holdfast's. */
  own: Versitygw;
  store: Versitygw;
  /** Below a backup in the database's own storage, or all of it, in order. */
  written(name?: string): Promise<string[]>;
  /** Of a backup in the Holdfast store, in order. */
  kept(backup: string): Promise<string[]>;
  manifest(backup: string): Promise<Manifest>;
  /** For the runs that begin from now on. */
  hurry(timeouts: object): Promise<void>;
  stop(): Promise<void>;
}

export async function startWeaviateWorld(
  options: {
    nodes?: 1 | 3;
    connection?: object;
    target?: object;
    /** Of the settings of the Holdfast store. */
    store?: object;
    env?: Record<string, string>;
    /** False: the test starts its own, in processes of their own. */
    worker?: boolean;
  } = {},
): Promise<WeaviateWorld> {
  const [own, store] = await Promise.all([
    startVersitygw({ buckets: [OWN_BUCKET] }),
    startVersitygw({ buckets: [BUCKET] }),
  ]);
  const gate = await startGate(own.endpoint);
  const weaviate = await startWeaviate({
    storage: { ...own, endpoint: gate.url, bucket: OWN_BUCKET, path: OWN_PATH },
    nodes: options.nodes ?? 1,
    apiKey: API_KEY,
    ...(options.env && { env: options.env }),
  });
  const front = await startGate(weaviate.url);
  const s3 = (server: Versitygw, bucket: string) => ({
    type: 's3',
    bucket,
    region: server.region,
    endpoint: server.endpoint,
    credentials: {
      accessKeyId: { env: secret(server.accessKeyId) },
      secretAccessKey: { env: secret(server.secretAccessKey) },
    },
  });
  const config = {
    stores: { main: { ...s3(store, BUCKET), ...options.store } },
    targets: {
      articles: {
        product: 'weaviate',
        connection: {
          url: front.url,
          apiKey: { env: secret(API_KEY) },
          storage: { ...s3(own, OWN_BUCKET), prefix: OWN_PATH },
          ...options.connection,
        },
        store: 'main',
        timeouts: PATIENCE,
        safetyBackup: false,
        ...options.target,
      },
    },
  };
  const { worker = true } = options;
  const holdfast = await startHoldfast({ address: inject('temporalAddress'), config, worker });
  return {
    weaviate,
    gate,
    front,
    holdfast,
    own,
    store,
    written: (name = '') => filesBelow(join(own.folder, OWN_BUCKET, OWN_PATH, name)),
    kept: (backup) => filesBelow(join(store.folder, BUCKET, 'articles', backup)),
    manifest: async (backup) => {
      const path = join(store.folder, BUCKET, 'articles', backup, 'backup.json');
      return JSON.parse(await readFile(path, 'utf8')) as Manifest;
    },
    hurry: (timeouts) => {
      Object.assign(config.targets.articles, { timeouts: { ...PATIENCE, ...timeouts } });
      return holdfast.configure(config);
    },
    stop: async () => {
      await holdfast.stop();
      await front[Symbol.asyncDispose]();
      await weaviate.stop();
      await gate[Symbol.asyncDispose]();
      await Promise.all([own.stop(), store.stop()]);
    },
  };
}

/** What the server keeps of an object beside what people wrote comes back, too: times of creation and of change. */
export async function contentsOf(weaviate: Weaviate): Promise<unknown> {
  return {
    articles: await readObjects(weaviate, 'Article'),
    photos: await readObjects(weaviate, 'Photo'),
    notes: await Promise.all(TENANTS.map((tenant) => readObjects(weaviate, 'Note', tenant))),
    aliases: await aliasesOf(weaviate),
  };
}

export async function dropClasses(weaviate: Weaviate): Promise<void> {
  for (const name of await classesOf(weaviate)) {
    await askWeaviate(weaviate, 'DELETE', `/schema/${name}`);
  }
}

/** As `alias → class`, in order: the server tells them in any. */
export async function aliasesOf(weaviate: Weaviate): Promise<string[]> {
  const { aliases } = (await askWeaviate(weaviate, 'GET', '/aliases')) as {
    aliases: { alias: string; class: string }[];
  };
  return aliases.map((one) => `${one.alias} → ${one.class}`).toSorted();
}

/** In order. */
export async function classesOf(weaviate: Weaviate): Promise<string[]> {
  const { classes } = (await askWeaviate(weaviate, 'GET', '/schema')) as {
    classes: { class: string }[];
  };
  return classes.map((one) => one.class).toSorted();
}
