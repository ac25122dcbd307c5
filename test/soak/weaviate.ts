import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { setDelegatedStage } from '../faults/delegated-stage.ts';
import { HASTE, SECRETS } from '../faults/stage.ts';
import {
  s3Storage,
  startWeaviateSimulator,
  type WeaviateSimulator,
} from '../simulators/weaviate/index.ts';
import type { WorkerProgram } from '../support/worker-program.ts';
import { classesOf, seedArticles } from '../workflows/seed-articles.ts';
import { drawS3Fault } from './s3-faults.ts';
import { clusterContents, isBusy } from './weaviate-contents.ts';
import { drawWeaviateFault } from './weaviate-faults.ts';
import { drawRestore, fillShelf, writeSome } from './weaviate-objects.ts';
import { begun, STEPS } from './weaviate-steps.ts';
import { WeaviateStorages } from './weaviate-storages.ts';
import type { World } from './world.ts';

const TIMEOUTS = { ...HASTE, lockWait: '3m', job: '60s' };

/**
 * The incremental `articles` and the encrypted `brittle` are one server, which writes to a disk; `remote` is another
 * one, which writes into the bucket of its store. All are restored into `shelf`.
 */
export async function weaviateWorld(options: {
  address: string;
  program: WorkerProgram;
}): Promise<World> {
  const stage = await setDelegatedStage(options);
  const { database, shelf, s3 } = stage;
  const library = await startWeaviateSimulator({ storage: bucketOf(s3), chunkBytes: 2_048 });
  await seedArticles(library.url, 90);
  process.env['SOAK_IDENTITY'] = await generateX25519Identity();
  await configure(stage.config, library, s3);
  await stage.reconfigure();
  const storages = new WeaviateStorages(stage, [
    { server: database, targets: ['articles', 'brittle'] },
    { server: library, targets: ['remote'] },
    { server: shelf, targets: ['shelf'] },
  ]);
  const servers = { source: database, library, shelf };
  const serverOf = (target: string) =>
    target === 'shelf' ? shelf : target === 'remote' ? library : database;
  let written = 0;
  return {
    stage,
    operations: ['backup', 'restore', 'verify', 'delete', 'copy'],
    targets: ['articles', 'remote', 'brittle'],
    brittle: ['brittle'],
    destination: 'shelf',
    steps: STEPS,
    begun,
    contents: (target) => Promise.resolve(clusterContents(serverOf(target))),
    async write(random) {
      written += 1;
      await writeSome(random.of([database, library]), random, written);
      if (random.chance(0.3)) await storages.lose(random);
    },
    restore: drawRestore,
    fault: (random) =>
      random.chance(0.3) ? drawS3Fault(random, s3) : drawWeaviateFault(random, servers),
    storageProblems: (ledger) => storages.problems(ledger),
    slow() {
      for (const server of [database, library, shelf]) server.speed = 1;
    },
    calm() {
      for (const server of [database, library, shelf]) {
        server.calm();
        server.speed = 100;
      }
      s3.calm();
    },
    async empty() {
      while (isBusy(shelf)) await new Promise((resolve) => setTimeout(resolve, 100));
      for (const name of await classesOf(shelf.url)) shelf.cluster.remove(name);
      await fillShelf(shelf.url);
    },
    async stop() {
      await stage.stop();
      await library.stop();
    },
  };
}

type S3 = Awaited<ReturnType<typeof setDelegatedStage>>['s3'];

function bucketOf({ url, bucketName }: S3) {
  return s3Storage({
    endpoint: url,
    bucket: bucketName,
    path: 'weaviate',
    accessKeyId: 'access-key-of-the-store',
    secretAccessKey: SECRETS.s3,
  });
}

async function configure(
  { targets, stores }: Awaited<ReturnType<typeof setDelegatedStage>>['config'],
  library: WeaviateSimulator,
  { url, bucketName }: S3,
): Promise<void> {
  const { articles = {}, shelf = {} } = targets;
  const connection = articles['connection'] as object;
  const { type, region, credentials } = stores['s3'] ?? {};
  const storage = { type, region, credentials, bucket: bucketName, endpoint: url };
  targets['brittle'] = {
    ...articles,
    store: 's3',
    cluster: 'one',
    timeouts: { ...TIMEOUTS, attempts: 2 },
    encryption: {
      recipients: [await identityToRecipient(process.env['SOAK_IDENTITY'] ?? '')],
      identity: { env: 'SOAK_IDENTITY' },
    },
  };
  targets['remote'] = {
    ...articles,
    store: 's3',
    timeouts: TIMEOUTS,
    connection: { url: library.url, storage: { ...storage, prefix: 'weaviate' } },
  };
  Object.assign(articles, {
    cluster: 'one',
    timeouts: TIMEOUTS,
    connection: { ...connection, incremental: { maxChain: 2 }, proof: 'full' },
  });
  Object.assign(shelf, { timeouts: TIMEOUTS, safetyBackup: true });
}
