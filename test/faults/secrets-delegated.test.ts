import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startS3Simulator, type S3Simulator } from '../simulators/s3/server.ts';
import {
  s3Storage,
  startWeaviateSimulator,
  type WeaviateSimulator,
} from '../simulators/weaviate/index.ts';
import { contentsBelow } from '../support/files-below.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { askWeaviate } from '../support/weaviate-data.ts';
import {
  enterpriseWorld,
  linesOf,
  type EnterpriseWorld,
} from '../products/influxdb-3-enterprise.ts';
import { workerProgram, type WorkerProgram } from '../support/worker-program.ts';
import type { WorkerProcess } from '../support/worker-process.ts';
import { commandLines, placesOf, readable, readRuns } from './anybody-reads.ts';
import { ending, until } from './following.ts';
import { HASTE, SECRETS, setStage, type Stage } from './stage.ts';

const API_KEY = 'api-key-of-the-database-Qx73p';
const KEY_ID = 'the-access-key';
const OWN_SECRET = 'secret-key-of-its-storage-Lm20v';

let program: WorkerProgram;
let stage: Stage;
let worker: WorkerProcess;
/** Where the database writes its backups. */
let own: S3Simulator;
let database: WeaviateSimulator;
let cluster: EnterpriseWorld;
let identity: string;
/** What anybody could read, by where it was found. */
const seen = new Map<string, string>();

const account = () => ({ url: database.url, apiKey: API_KEY });

beforeAll(async () => {
  identity = await generateIdentity();
  Object.assign(process.env, {
    FAULTS_IDENTITY: identity,
    FAULTS_API_KEY: API_KEY,
    FAULTS_OWN_KEY: KEY_ID,
    FAULTS_OWN_SECRET: OWN_SECRET,
  });
  program = await workerProgram();
  stage = await setStage({ shards: 1, program });
  own = await startS3Simulator();
  database = await startWeaviateSimulator({
    accounts: [{ name: 'root', key: API_KEY, root: true }],
    storage: s3Storage({
      endpoint: own.url,
      bucket: own.bucketName,
      path: 'cluster-a',
      accessKeyId: KEY_ID,
      secretAccessKey: OWN_SECRET,
    }),
  });
  await seedWeaviate(account(), { objects: 20 });
  cluster = await enterpriseWorld({ nodes: [{ role: 'query' }, { role: 'compact' }] });
  cluster.simulator.cluster.write('telemetry', linesOf('one', 30));
  await configure();
  worker = await stage.worker({ logLevel: 'TRACE' });
  await use();
  await look();
}, 300_000);
afterAll(async () => {
  await stage?.stop();
  await database?.stop();
  await own?.close();
  await cluster?.[Symbol.asyncDispose]();
  await program?.remove();
});

/** As targets `articles` and `sealed`, with copies in one kind of store each, and `series`. */
async function configure(connection: object = {}): Promise<void> {
  const common = { timeouts: { ...HASTE, heartbeat: '10s', attempts: 3 }, safetyBackup: false };
  const articles = {
    ...common,
    product: 'weaviate',
    connection: {
      url: database.url,
      apiKey: { env: 'FAULTS_API_KEY' },
      storage: {
        type: 's3',
        bucket: own.bucketName,
        prefix: 'cluster-a',
        region: 'us-east-1',
        endpoint: own.url,
        credentials: {
          accessKeyId: { env: 'FAULTS_OWN_KEY' },
          secretAccessKey: { env: 'FAULTS_OWN_SECRET' },
        },
      },
      ...connection,
    },
    store: 'disk',
  };
  const recipients = [await identityToRecipient(identity)];
  const encryption = { recipients, identity: { env: 'FAULTS_IDENTITY' } };
  Object.assign(stage.config.targets, {
    articles,
    sealed: { ...articles, store: 's3', encryption },
    series: {
      ...common,
      product: 'influxdb-3-enterprise',
      connection: cluster.connection(),
      store: 's3',
    },
  });
  await stage.reconfigure();
}

async function run(operation: 'backup' | 'restore' | 'verify' | 'copy', input: object) {
  return ending(await stage.holdfast.start(operation, input as { target: string }));
}

async function copied(target: string, backup: unknown): Promise<string> {
  const handle = stage.holdfast.client.workflow.getHandle(`copy/${target}/${String(backup)}`);
  return (await ending(handle)).status;
}

/** Runs that go well, and runs that fail in all the places where a secret is used. */
async function use(): Promise<void> {
  for (const target of ['articles', 'sealed']) {
    database.switches.backupHangs = true;
    const handle = await stage.holdfast.start('backup', { target });
    await until('it is begun', () => database.requests.some(({ method }) => method === 'POST'));
    seen.set(`command lines during ${target}`, await commandLines());
    database.calm();
    const { status, report } = await ending(handle);
    expect(status).toBe('COMPLETED');
    expect(await copied(target, report['backup'])).toBe('COMPLETED');
    lookAtStorage();
    for (const name of ['Article', 'Note', 'Photo']) {
      await askWeaviate(account(), 'DELETE', `/schema/${name}`);
    }
    for (const [key] of own.bucket.listed('cluster-a/')) own.bucket.objects.delete(key);
    expect((await run('verify', { target, depth: 'deep' })).report).toMatchObject({ ok: true });
    expect(await run('restore', { target })).toMatchObject({ status: 'COMPLETED' });
  }
  const series = await run('backup', { target: 'series' });
  expect(await copied('series', series.report['backup'])).toBe('COMPLETED');
  expect(await run('restore', { target: 'series', confirm: 'series' })).toMatchObject({
    status: 'COMPLETED',
  });

  database.switches.keyRevoked = true;
  expect((await run('backup', { target: 'articles' })).code).toBe('AUTH_REJECTED');
  database.calm();
  database.switches.storageDenied = true;
  expect((await run('backup', { target: 'articles' })).code).toBe('TARGET_REFUSED');
  database.calm();
  own.acceptKeys(['another']);
  expect((await run('backup', { target: 'sealed' })).code).toBe('STORE_DENIED');
  own.acceptKeys(undefined);
  stage.s3.acceptKeys(['another']);
  expect((await run('copy', { target: 'sealed' })).code).toBe('STORE_DENIED');
  stage.s3.acceptKeys(undefined);
  cluster.simulator.switches.tokenRevoked = true;
  expect((await run('backup', { target: 'series' })).code).toBe('AUTH_REJECTED');
  cluster.simulator.calm();
  await configure({ apiKey: { env: 'FAULTS_NO_SUCH_VARIABLE' } });
  expect((await run('backup', { target: 'articles' })).code).toBe('SECRET_MISSING');
}

async function look(): Promise<void> {
  for (const [place, text] of await readRuns(stage.holdfast.client)) seen.set(place, text);
  seen.set('log of the worker', worker.output());
  for (const [name, folder] of [
    ['disk', stage.disk],
    ['spool', stage.spool],
  ] as const) {
    for (const [file, bytes] of await contentsBelow(folder)) {
      seen.set(`${name} ${file}`, readable(bytes));
    }
  }
  for (const [key, { body }] of stage.s3.bucket.objects) seen.set(`s3 ${key}`, readable(body));
  lookAtStorage();
}

function lookAtStorage(): void {
  for (const [key, { body }] of own.bucket.objects) seen.set(`own ${key}`, readable(body));
}

describe('whatever went well or wrong with a product that writes its backups itself,', () => {
  test.each([
    ['its API key', () => API_KEY],
    ['the secret key of its own storage', () => OWN_SECRET],
    ['the secret key of the store', () => SECRETS.s3],
    ['the token of a cluster', () => cluster.simulator.token],
    ['the identity that decrypts', () => identity],
  ])('%s stands in no history, log, command line, manifest or object', (_, secret) => {
    // In its catalog, the simulator keeps what the true server keeps as hashes.
    const places = placesOf(secret(), seen).filter((place) => !place.endsWith('/catalog.json'));
    expect(places).toEqual([]);
  });

  test.each([
    [/^history of backup/, 'references', 'FAULTS_API_KEY'],
    [/^history of copy/, 'the copy', 'copyPage'],
    [/^history of restore/, 'the restore', 'followRestoreJob'],
    [/^page/, 'the page of a run', 'sealed'],
    [/^log/, 'the log', 'copyPage'],
    [/^command lines/, 'the worker', 'worker.cjs'],
    [/^disk .*backup\.json$/, 'a manifest', '"articles"'],
    [/^disk .*chunk-/, 'the copy of a chunk', 'Article'],
    [/^s3 .*collected\.json$/, 'the record of a copy', '"age-v1"'],
    [/^own .*backup_config\.json$/, 'what the database wrote', '"SUCCESS"'],
  ])('the looking really looked: in %s is %s', (place, _, known) => {
    const found = [...seen].filter(([name, text]) => place.test(name) && text.includes(known));
    expect(found.length).toBeGreaterThan(0);
  });
});
