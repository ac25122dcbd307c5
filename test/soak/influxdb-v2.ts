import { createHash } from 'node:crypto';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { HASTE, pointsOf, SECRETS, setStage } from '../faults/stage.ts';
import type { InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { writeLines } from '../support/influx.ts';
import type { WorkerProgram } from '../support/worker-program.ts';
import { soakedDisk } from './disk-faults.ts';
import { begun, STEPS } from './influxdb-v2-steps.ts';
import { drawHomecoming, drawRestore, drawServerFault } from './influxdb-v2-draw.ts';
import { drawS3Fault } from './s3-faults.ts';
import type { Contents, World } from './world.ts';

const SHARDS = 24;
const ON_S3 = ['remote', 'brittle'];
const MiB = 1024 * 1024;

/** `metrics` on a disk, `remote` and the encrypted `brittle` on S3 are the same server; all are restored into `spare`. */
export async function influxdbV2World(options: {
  address: string;
  program: WorkerProgram;
}): Promise<World> {
  const stage = await setStage({
    ...options,
    shards: SHARDS,
    target: { timeouts: { ...HASTE, lockWait: '2m' } },
  });
  const { source, spare, s3 } = stage;
  // Of several parts.
  source.generate({ bucket: 'heavy', shards: 1, shardBytes: 6 * MiB, seed: 'heavy' });
  process.env['SOAK_IDENTITY'] = await generateX25519Identity();
  stage.config.targets['brittle'] = {
    ...stage.config.targets['remote'],
    timeouts: { ...HASTE, attempts: 2 },
    encryption: {
      recipients: [await identityToRecipient(process.env['SOAK_IDENTITY'])],
      identity: { env: 'SOAK_IDENTITY' },
    },
  };
  Object.assign(stage.config.targets['spare'] ?? {}, { timeouts: { ...HASTE, lockWait: '2m' } });
  await stage.reconfigure();
  const first = {
    metadata: structuredClone(spare.state.metadata),
    shards: [...spare.state.shards],
  };
  let written = 0;
  /** All targets ask at the same time for the same. */
  let looking: Promise<Contents> | undefined;
  const badDisk = { root: stage.disk, faults: `${stage.disk}.faults.json` };
  const disk = soakedDisk(badDisk);
  return {
    stage: {
      ...stage,
      worker: (orders, followed) => stage.worker({ badDisk, ...orders }, followed),
    },
    operations: ['backup', 'restore', 'verify', 'delete'],
    targets: ['metrics', 'remote', 'brittle'],
    brittle: ['brittle'],
    destination: 'spare',
    steps: STEPS,
    begun,
    contents: (target) => {
      if (target === 'spare') return contentsOf(spare);
      looking ??= contentsOf(source).finally(() => (looking = undefined));
      return looking;
    },
    async write(random) {
      const bucket = random.of(['telemetry', 'events']);
      if (bucket === 'events' && !source.state.metadata.buckets.some(({ name }) => name === bucket))
        source.generate({ bucket, shards: 1, shardBytes: 1024, seed: bucket });
      written += 1;
      const lines = Array.from({ length: random.between(1, 200) }, (_, at) => {
        return `soak,host=h${at % 3} value=${written * 1000 + at} ${1_600_000_000 + written * 40 + at * 60}`;
      });
      await writeLines({ url: source.url, token: SECRETS.source, org: 'acme' }, bucket, lines);
    },
    restore: drawRestore,
    restoreHome: drawHomecoming,
    intrusions: ['reset', 'doctor'],
    fault(random, asked) {
      const places = asked.flatMap(({ operation, target }) => [
        ...(operation === 'backup' || operation === 'restore' ? (['server'] as const) : []),
        ...(ON_S3.includes(target) ? (['s3'] as const) : []),
        ...(!ON_S3.includes(target) || operation === 'restore' ? (['disk'] as const) : []),
      ]);
      const restores = asked.some(({ operation }) => operation === 'restore');
      switch (random.of(places)) {
        case 'disk':
          return disk.fault(random);
        case 's3':
          return drawS3Fault(random, s3);
        case 'server':
          return drawServerFault(random, source, restores ? spare : undefined);
      }
    },
    slow() {
      source.switches.bytesPerSecond = 8_000;
      spare.switches.restoreAnswerMs = 300;
    },
    calm() {
      source.calm();
      spare.calm();
      s3.calm();
      return disk.calm();
    },
    empty() {
      spare.state.metadata = structuredClone(first.metadata);
      spare.state.shards.clear();
      for (const [id, shard] of first.shards) spare.state.shards.set(id, shard);
      return Promise.resolve();
    },
    stop: () => stage.stop(),
  };
}

async function contentsOf(server: InfluxSimulator): Promise<Contents> {
  const { organisations, buckets } = server.state.metadata;
  const names = new Map(organisations.map(({ id, name }) => [id, name]));
  const seen = new Map<string, string>();
  for (const { type, name, orgID } of buckets) {
    if (type !== 'user') continue;
    const points = await pointsOf(server, name);
    const digest = createHash('sha256').update(points.join('\n')).digest('hex').slice(0, 12);
    seen.set(`${names.get(orgID) ?? '?'}/${name}`, `${points.length} points ${digest}`);
  }
  return seen;
}
