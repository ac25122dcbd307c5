import { createHash } from 'node:crypto';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import * as steps from '../faults/kill-steps.ts';
import { HASTE, pointsOf, SECRETS, setStage } from '../faults/stage.ts';
import type { InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import type { Fault as Switch, Trap } from '../simulators/influxdb-v2/switches.ts';
import { writeLines } from '../support/influx.ts';
import type { WorkerProgram } from '../support/worker-program.ts';
import type { Random } from './prng.ts';
import { drawS3Fault } from './s3-faults.ts';
import type { AskedRestore, Contents, Fault, World } from './world.ts';

const SHARDS = 24;
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
  return {
    stage,
    operations: ['backup', 'restore', 'verify', 'delete'],
    targets: ['metrics', 'remote', 'brittle'],
    brittle: ['brittle'],
    destination: 'spare',
    steps: {
      backup: [...Object.values(steps.BACKUP).flat(), ...steps.UPLOADS, ...steps.CANCELLED_BACKUP],
      restore: [
        ...Object.values(steps.RESTORE).flat(),
        ...steps.WHOLE_RESTORE,
        ...steps.REPLACING_RESTORE,
        ...steps.CANCELLED_RESTORE,
      ],
      verify: steps.VERIFY,
      delete: [...steps.DELETE, ...steps.SPARED],
    },
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
    fault: (random) =>
      random.chance(0.5) ? drawS3Fault(random, s3) : drawServerFault(random, source, spare),
    slow() {
      source.switches.bytesPerSecond = 8_000;
      spare.switches.restoreAnswerMs = 300;
    },
    calm() {
      source.calm();
      spare.calm();
      s3.calm();
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

function drawRestore(random: Random, name: string): AskedRestore {
  const bucket = random.of(['telemetry', 'telemetry', 'heavy']);
  const one = (as: string) => (source: Contents) =>
    new Map([[`other/${as}`, source.get(`acme/${bucket}`) ?? 'none']]);
  const select = { buckets: [bucket] };
  switch (random.of(['beside', 'beside', 'replace', 'whole'] as const)) {
    case 'beside':
      return {
        name: `${bucket} beside, as ${name}`,
        input: { into: 'spare', select, rename: { 'acme/': 'other', [bucket]: name } },
        brings: one(name),
      };
    case 'replace':
      return {
        name: `${bucket} in the place of another`,
        input: {
          into: 'spare',
          select,
          rename: { 'acme/': 'other', [bucket]: 'other' },
          onConflict: 'replace',
          confirm: 'spare',
        },
        replaces: ['other/other'],
        brings: one('other'),
      };
    case 'whole':
      return {
        name: 'whole',
        input: { into: 'spare', confirm: 'spare' },
        whole: true,
        brings: (source) => source,
      };
  }
}

const PASSING: Switch[] = [
  'metadataCut',
  'shardTail',
  'shardBroken',
  'shardCut',
  'shardReset',
  'shardStalls',
  'shardGarbled',
  'unavailable',
  'tooManyRequests',
  'internalError',
  'connectionLost',
  'silent',
  'compactAfterRestore',
  'bucketAnswerLost',
  'kvAnswerLost',
  'restoreDiskFull',
  'restoreFlipsBit',
];
const ENDING: Switch[] = ['tokenRevoked', 'kvRefused', 'labelRefused', 'restoreDiskFull'];

function drawServerFault(random: Random, source: InfluxSimulator, spare: InfluxSimulator): Fault {
  const where = random.of(['source', 'spare'] as const);
  const server = where === 'source' ? source : spare;
  const pace = random.of([10_000, 40_000]);
  if (random.chance(0.2)) {
    return {
      name: `${where}: ${pace} bytes per second`,
      begin: () => void Object.assign(server.switches, { bytesPerSecond: pace }),
    };
  }
  if (random.chance(0.1)) {
    return { name: `${where}: restart`, begin: () => server.restart(500) };
  }
  const ends = random.chance(0.15);
  const name = random.of(ends ? ENDING : PASSING);
  const times: Trap = random.between(1, name === 'silent' || name === 'shardStalls' ? 2 : 6);
  return {
    name: `${where}: ${name}, ${times} times`,
    begin: () => void Object.assign(server.switches, { [name]: times }),
    ends: ends || name.startsWith('restore'),
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
