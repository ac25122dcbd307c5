import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTool } from '../infra/tools/find-tool.ts';
import { callInflux, organisationId, type InfluxAddress } from '../test/support/influx.ts';
import { startInfluxd, type Influxd } from '../test/support/influxd.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { FloatShards } from './float-shards.ts';
import { BUCKET, startStage, type Stage } from './stage.ts';

const DATA = 'readings';
const SHARDS = 200;
const LEAST_MIB = 650;
const HOUR = 3600;
const START = 1_600_000_000 - (1_600_000_000 % HOUR);

/** Whole workflows on a real server, against the official tool. */
export const realServer: Benchmark = {
  rows: ['backup', 'backup-speedy', 'restore'],
  async run({ build, wanted, rounds = 3, say }) {
    await using stage = await startStage(build);
    await using source = await startInfluxd();
    say(`writing ${SHARDS} shards`);
    await load(source);
    await using worker = await stage.startWorker({
      BENCH_TOKEN: source.token,
      BENCH_SPARE_TOKEN: SPARE_TOKEN,
    });
    await using official = await officialTool(stage);
    await using spares = await temporaryFolder('spares');
    const target = (url: string, token: string, more: object = {}) => ({
      product: 'influxdb-v2',
      connection: { url, token: { env: token }, ...more },
      store: 'main',
    });
    const configure = (spare: string) =>
      stage.configure({
        metrics: target(source.url, 'BENCH_TOKEN'),
        speedy: target(source.url, 'BENCH_TOKEN', { compression: 'speedy' }),
        spare: target(spare, 'BENCH_SPARE_TOKEN'),
      });
    await configure(source.url);
    const seconds: Record<string, number[]> = {};
    const measured = (name: string, value: number, cpu?: number) => {
      (seconds[name] ??= []).push(value);
      say(
        `${name}: ${value.toFixed(1)} s${cpu === undefined ? '' : `, worker ${cpu.toFixed(1)} CPU s`}`,
      );
    };
    const workerCpu = async () => (await worker.usage()).cpuSeconds;
    let mebibytes = 0;

    for (let round = 1; round <= rounds; round++) {
      measured('official backup', await official.backUp(source));
      let cpu = await workerCpu();
      const plain = await stage.run('backup', { target: 'metrics' });
      measured('backup', plain.seconds, (await workerCpu()) - cpu);
      mebibytes = plain.report.plainBytes / 1024 ** 2;
      if (wanted.has('backup-speedy')) {
        cpu = await workerCpu();
        const speedy = await stage.run('backup', { target: 'speedy' });
        measured('backup-speedy', speedy.seconds, (await workerCpu()) - cpu);
        await stage.removeObjects('speedy');
      }
      if (wanted.has('restore')) {
        await using first = await startSpare(join(spares.path, `${round}-official`));
        measured('official restore', await official.restore(first));
        await first.stop();
        await using second = await startSpare(join(spares.path, `${round}`));
        await configure(second.url);
        cpu = await workerCpu();
        const restored = await stage.run('restore', {
          target: 'metrics',
          backup: plain.report.backup,
          into: 'spare',
          select: { buckets: [DATA] },
        });
        measured('restore', restored.seconds, (await workerCpu()) - cpu);
        const { identical } = restored.report.proof;
        if (identical !== SHARDS)
          throw new Error(`Only ${identical} shards were proven identical.`);
      }
      await stage.removeObjects('metrics');
      await official.forget();
    }

    const size = `${SHARDS} shards, ${mebibytes.toFixed(0)} MiB`;
    const row = (name: string, work: string, theirs: string, bar: Row['bar']): Row => ({
      name,
      work: `${work} (${size})`,
      against: AGAINST[theirs] ?? theirs,
      ours: { label: `Holdfast: ${name}`, unit: 's', values: seconds[name] ?? [] },
      theirs: { label: theirs, unit: 's', values: seconds[theirs] ?? [] },
      bar,
      conditions: [{ text: `${size} of at least ${LEAST_MIB}`, met: mebibytes >= LEAST_MIB }],
    });
    const faster = (factor: number): Row['bar'] => ({ kind: 'times as fast, at least', factor });
    return [
      row(
        'backup',
        'a real influxd into versitygw, default settings',
        'official backup',
        faster(5),
      ),
      row(
        'backup-speedy',
        "the same with the server's `speedy` gzip",
        'official backup',
        faster(3),
      ),
      row('restore', 'the same, restored into an empty server and proven', 'official restore', {
        kind: 'times as much, at most',
        factor: 0.5,
      }),
    ].filter(({ name }) => wanted.has(name));
  },
};

const AGAINST: Record<string, string> = {
  'official backup':
    '`influx backup` (default gzip), then `aws s3 cp --recursive` of its directory',
  'official restore': '`influx restore` of its local directory, which proves nothing',
};

const SPARE_TOKEN = 'spare-token';

/**
 * An empty server in a folder that stays until the end: a file system looks long for a place for the many small files of
 * a new shard when as many were removed a moment ago, and whoever comes second would pay for it.
 */
async function startSpare(folder: string): Promise<Influxd> {
  await mkdir(folder);
  return startInfluxd({ bucket: 'spare', token: SPARE_TOKEN, folder });
}

/** Makes a bucket with a shard for each hour, and fills the shards as a restore does: whole, and already compacted. */
async function load(server: InfluxAddress): Promise<void> {
  const at = (hour: number) => new Date((START + hour * HOUR) * 1000).toISOString();
  const hours = Array.from({ length: SHARDS }, (_, hour) => hour);
  const answer = await callInflux(server, 'POST', '/api/v2/restore/bucketMetadata', {
    organizationID: await organisationId(server, server.org),
    organizationName: server.org,
    bucketID: '0000000000000001',
    bucketName: DATA,
    defaultRetentionPolicy: 'autogen',
    retentionPolicies: [
      {
        name: 'autogen',
        replicaN: 1,
        duration: 0,
        shardGroupDuration: HOUR * 1e9,
        shardGroups: hours.map((hour) => ({
          id: hour + 1,
          startTime: at(hour),
          endTime: at(hour + 1),
          shards: [{ id: hour + 1, shardOwners: [] }],
        })),
        subscriptions: [],
      },
    ],
  });
  if (answer.status !== 201) throw new Error(`The bucket was not made: ${answer.text}`);
  const { shardMappings } = answer.json() as { shardMappings: { oldId: number; newId: number }[] };
  const shards = new FloatShards();
  for (const { oldId, newId } of shardMappings) {
    const tar = shards.tar(BigInt(START + (oldId - 1) * HOUR) * 1_000_000_000n);
    const path = `/api/v2/restore/shards/${newId}`;
    const { status, text } = await callInflux(server, 'POST', path, new Uint8Array(tar));
    if (status !== 200) throw new Error(`Shard ${newId} was not written: ${text}`);
  }
}

/** The commands that an operator would have in a script. */
async function officialTool({ s3 }: Stage) {
  const folder = await temporaryFolder('official');
  const directory = join(folder.path, 'backup');
  const bucket = `s3://${BUCKET}/official/`;
  const influx = await findTool('influx');
  const env = {
    ...process.env,
    INFLUX_CONFIGS_PATH: '/dev/null',
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
  };
  const run = (command: string, ...args: string[]) =>
    promisify(execFile)(command, args, { env, maxBuffer: 64 * 1024 * 1024 });
  const timed = async (work: () => Promise<unknown>) => {
    const since = performance.now();
    await work();
    return (performance.now() - since) / 1000;
  };
  const server = ({ url, token }: InfluxAddress) => ['--host', url, '--token', token];
  return {
    backUp: (of: InfluxAddress) =>
      timed(async () => {
        await mkdir(directory);
        await run(influx, 'backup', directory, ...server(of));
        const target = ['--endpoint-url', s3.endpoint, '--only-show-errors'];
        await run('aws', 's3', 'cp', '--recursive', directory, bucket, ...target);
      }),
    restore: (into: InfluxAddress) =>
      timed(() => run(influx, 'restore', directory, '--bucket', DATA, ...server(into))),
    forget: async () => {
      await rm(directory, { recursive: true, force: true });
      await rm(join(s3.folder, BUCKET, 'official'), { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}
