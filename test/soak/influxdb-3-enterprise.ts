import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { type EnterpriseStage, setEnterpriseStage } from '../faults/enterprise-stage.ts';
import { HASTE } from '../faults/stage.ts';
import { copyOf, visibleRows } from '../simulators/influxdb-3-enterprise/data/content.ts';
import {
  type EnterpriseSimulator,
  startEnterpriseSimulator,
} from '../simulators/influxdb-3-enterprise/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { WorkerProgram } from '../support/worker-program.ts';
import { drawClusterFault } from './enterprise-faults.ts';
import { begun, STEPS } from './enterprise-steps.ts';
import { EnterpriseStorages } from './enterprise-storages.ts';
import type { Random } from './prng.ts';
import { drawS3Fault } from './s3-faults.ts';
import type { Contents, World } from './world.ts';

const SECOND_NS = 1_000_000_000n;
const FIRST_NS = 1_600_000_000n * SECOND_NS;
const TIMEOUTS = { ...HASTE, lockWait: '2m' };

/**
 * `cluster` writes into an S3 and is copied into another one; `folder` writes into a directory and is copied onto a disk,
 * or as `sealed`, encrypted, into S3. All are restored into `spare`, a cluster of the same id with a directory of its own.
 */
export async function enterpriseWorld(options: {
  address: string;
  program: WorkerProgram;
}): Promise<World> {
  const stage = await setEnterpriseStage({ ...options, place: 'far' });
  const folders = await Promise.all(['folder', 'spare'].map((name) => temporaryFolder(name)));
  const [at = '', spareAt = ''] = folders.map(({ path }) => path);
  const { cluster } = stage;
  const folder = await startEnterpriseSimulator({
    token: 'token-of-the-folder-7dRq',
    storage: { type: 'directory', path: at },
    nodes: [{ role: 'query' }, { role: 'ingest' }, { role: 'compact' }],
  });
  const spare = await startEnterpriseSimulator({
    token: 'token-of-the-spare-one-2xPw',
    storage: { type: 'directory', path: spareAt },
  });
  await configure(stage, folder, spare);
  const all = [cluster, folder, spare];
  const servers: Record<string, EnterpriseSimulator> = { cluster, folder, sealed: folder, spare };
  const storages = new EnterpriseStorages(stage, [
    { server: cluster, targets: ['cluster'] },
    { server: folder, targets: ['folder', 'sealed'] },
    { server: spare, targets: ['spare'] },
  ]);
  folder.cluster.write('telemetry', ['cpu v=1 1', 'disk v=3 3']);
  folder.cluster.write('events', ['doors,house=a open=true 5']);
  spare.cluster.write('telemetry', ['cpu v=9 9']);
  const { content, tokens, uuid } = spare.cluster;
  const first = { content: copyOf(content), tokens: new Map(tokens), uuid };
  let written = 0n;
  const writeSome = (into: EnterpriseSimulator, random: Random, database: string) => {
    const lines = Array.from({ length: random.between(1, 40) }, () => {
      written += 1n;
      return `soak,host=h${written % 3n} v=${written} ${FIRST_NS + written * SECOND_NS}`;
    });
    into.cluster.write(database, lines);
  };
  return {
    stage,
    operations: ['backup', 'restore', 'verify', 'copy', 'delete'],
    targets: ['cluster', 'folder', 'sealed'],
    // A restore brings the identity of the source along, and then nothing of another one is deleted.
    brittle: ['sealed', 'spare'],
    destination: 'spare',
    steps: STEPS,
    begun,
    intrusions: ['reset', 'doctor'],
    contents: (target) => Promise.resolve(contentsOf(servers[target] ?? spare)),
    async write(random) {
      writeSome(cluster, random, random.of(['telemetry', 'events']));
      writeSome(folder, random, random.of(['telemetry', 'events']));
      if (random.chance(0.3)) await storages.lose(random);
    },
    restore: () => ({ ...WHOLE, input: { into: 'spare', confirm: 'spare' } }),
    restoreHome: () => ({ ...WHOLE, input: { confirm: 'spare' } }),
    fault: (random) =>
      random.chance(0.3) ? drawS3Fault(random, stage.s3) : drawClusterFault(random, all),
    slow() {
      for (const { switches } of all)
        Object.assign(switches, { backupMs: 2_000, restoreMs: 2_000 });
    },
    calm() {
      for (const one of all) one.calm();
      stage.s3.calm();
    },
    async empty() {
      // That of a run that was ended by hand goes on.
      while (spare.cluster.restoring) await sleep(100);
      const was = { tokens: new Map(first.tokens), uuid: first.uuid, deletions: [] };
      Object.assign(spare.cluster, { content: copyOf(first.content), ...was });
      // Other rows than the last time.
      written += 1n;
      spare.cluster.write('own', [`thing v=${written} ${FIRST_NS}`, `thing v=1 ${written}`]);
    },
    storageProblems: (ledger) => storages.problems(ledger),
    stop: async () => {
      await stage.stop();
      await Promise.all([folder.stop(), spare.stop()]);
      await Promise.all(folders.map((one) => one.remove()));
    },
  };
}

const WHOLE = { name: 'whole', whole: true, brings: (source: Contents) => source };

async function configure(
  stage: EnterpriseStage,
  folder: EnterpriseSimulator,
  spare: EnterpriseSimulator,
): Promise<void> {
  const identity = await generateX25519Identity();
  Object.assign(process.env, {
    SOAK_IDENTITY: identity,
    SOAK_FOLDER_TOKEN: folder.token,
    SOAK_SPARE_TOKEN: spare.token,
  });
  const target = (server: EnterpriseSimulator, env: string, store: string, more: object = {}) => ({
    product: 'influxdb-3-enterprise',
    connection: {
      nodes: server.nodes.map(({ url }) => url),
      token: { env },
      clusterId: server.clusterId,
      storage: server.storage,
    },
    store,
    timeouts: TIMEOUTS,
    ...more,
  });
  stage.config.targets = {
    cluster: { ...stage.config.targets['cluster'], timeouts: TIMEOUTS },
    folder: target(folder, 'SOAK_FOLDER_TOKEN', 'disk'),
    sealed: target(folder, 'SOAK_FOLDER_TOKEN', 's3', {
      timeouts: { ...TIMEOUTS, attempts: 2 },
      encryption: {
        recipients: [await identityToRecipient(identity)],
        identity: { env: 'SOAK_IDENTITY' },
      },
    }),
    spare: target(spare, 'SOAK_SPARE_TOKEN', 'disk'),
  };
  await stage.reconfigure();
}

function contentsOf({ cluster }: EnterpriseSimulator): Contents {
  const seen = new Map<string, string>();
  for (const [database, { tables }] of cluster.content) {
    for (const table of tables.keys()) {
      const rows = visibleRows(cluster.content, cluster.deletions, database, table, new Date());
      const lines = (rows ?? []).map(({ line, time }) => `${line} ${time}`).toSorted();
      const digest = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12);
      seen.set(`${database}/${table}`, `${lines.length} rows ${digest}`);
    }
  }
  return new Map([...seen].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
