import { execFile } from 'node:child_process';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import type { Benchmark, BenchmarkContext, Row } from './benchmark.ts';
import { cpuOf, startFeeding } from './command-cpu.ts';
import { PortableBackup } from './portable-backup.ts';
import { startSimulatedAiven, type SimulatedAiven } from './simulated-aiven.ts';
import { BUCKET, startStage, type Stage } from './stage.ts';

const MIB = 1024 ** 2;
const TAR_MIB = Number(process.env['BENCH_TAR_MIB'] ?? 8192);
/** TSM files of 3.3 MiB in a shard: about 64 MiB. */
const FILES = 20;
/** Shards that are made; the others are the same under other numbers, since nobody compares them. */
const DISTINCT = 4;
const MOST_MIB = 350;
/** The short tar, by whose peak the long one's is judged. */
const SHORT = 32;
const FLAT_MIB = 32;

/** A whole backup of the vendor's service, from its request to its commit, against the tools at hand. */
export const aivenTar: Benchmark = {
  rows: ['aiven-tar', 'aiven-tar-cpu'],
  async run(context) {
    const { build, wanted, rounds = 1, say } = context;
    await using folder = await temporaryFolder('aiven');
    const tar = join(folder.path, 'long.tar');
    const shards = await writeTar(tar, TAR_MIB, say);
    const gibibytes = ((await stat(tar)).size / 1024 ** 3).toFixed(2);
    const size = `${gibibytes} GiB, ${shards} shards`;
    await using stage = await startStage(build);
    await using aiven = await startSimulatedAiven(build, tar);
    await using tools = await officialTools(stage, aiven);
    const peak = { short: 0, long: 0 };
    const ours = { seconds: [] as number[], cpu: [] as number[] };
    const theirs = { seconds: [] as number[], cpu: [] as number[] };

    peak.short = await peakOfShort(context, stage);
    for (let round = 1; round <= rounds; round += 1) {
      const official = await tools.download();
      theirs.seconds.push(official.seconds);
      say(`curl, aws s3 cp: ${official.seconds.toFixed(1)} s`);
      if (wanted.has('aiven-tar-cpu')) {
        const checks = await tools.check();
        theirs.cpu.push(official.cpu + checks.reduce((sum, { cpu }) => sum + cpu, 0));
        const parts = [{ name: 'curl', cpu: official.cpu }, ...checks];
        say(parts.map(({ name, cpu }) => `${name} ${cpu.toFixed(1)} CPU s`).join(', '));
      }
      await tools.forget();
      const backup = await backUp(stage, aiven);
      ours.seconds.push(backup.seconds);
      ours.cpu.push(backup.cpu);
      peak.long = Math.max(peak.long, backup.peakMib);
      say(
        `backup: ${backup.seconds.toFixed(1)} s, worker ${backup.cpu.toFixed(1)} CPU s, ` +
          `peak of ${backup.peakMib.toFixed(0)} MiB`,
      );
    }
    const apart = peak.long - peak.short;
    const rows: Row[] = [
      {
        name: 'aiven-tar',
        work: `one tar of Aiven through walk, hash and upload to versitygw (${size})`,
        against: '`curl` into a file, then `aws s3 cp`',
        ours: { label: 'backup, whole workflow', unit: 's', values: ours.seconds },
        theirs: { label: 'curl, aws s3 cp', unit: 's', values: theirs.seconds },
        bar: { kind: 'times as fast, at least', factor: 1.5 },
        conditions: [
          {
            text: `peak of the worker: ${peak.long.toFixed(0)} MiB, below ${MOST_MIB}`,
            met: peak.long < MOST_MIB,
          },
          {
            text: `${apart.toFixed(0)} MiB above that of a tar of a ${SHORT}th, at most ${FLAT_MIB}`,
            met: apart <= FLAT_MIB,
          },
        ],
      },
      {
        name: 'aiven-tar-cpu',
        work: `the same, CPU (${size})`,
        against: '`curl`, `sha256sum`, `tar t`, `zcat` as separate processes, which upload nothing',
        ours: { label: 'worker', unit: 'CPU s', values: ours.cpu },
        theirs: { label: 'in sum', unit: 'CPU s', values: theirs.cpu },
        bar: { kind: 'times as much, at most', factor: 1 },
      },
    ];
    return rows.filter(({ name }) => wanted.has(name));
  },
};

/** @returns how many shards it holds */
async function writeTar(path: string, mebibytes: number, say: (line: string) => void) {
  const one = await PortableBackup.make(1, FILES);
  const [, , shard] = one.files();
  const shards = Math.max(1, Math.round((mebibytes * MIB) / (shard?.body.length ?? MIB)));
  const backup = await PortableBackup.make(shards, FILES, DISTINCT);
  await backup.writeTar(path);
  say(`made a tar of ${shards} shards`);
  return shards;
}

/** In a worker of its own, whose peak is the kernel's own mark. */
async function backUp(stage: Stage, aiven: SimulatedAiven) {
  await using worker = await stage.startWorker({ BENCH_TOKEN: aiven.token });
  await stage.configure({ metrics: aiven.target });
  const before = await worker.usage();
  const { seconds } = await stage.run('backup', { target: 'metrics' });
  const after = await worker.usage();
  await stage.removeObjects('metrics');
  return { seconds, cpu: after.cpuSeconds - before.cpuSeconds, peakMib: after.peakBytes / MIB };
}

async function peakOfShort({ build, say }: BenchmarkContext, stage: Stage): Promise<number> {
  await using folder = await temporaryFolder('aiven-short');
  const tar = join(folder.path, 'short.tar');
  await writeTar(tar, TAR_MIB / SHORT, say);
  await using aiven = await startSimulatedAiven(build, tar);
  return (await backUp(stage, aiven)).peakMib;
}

/** What an operator would have in a script, and what would have to be in it to know as much of the file. */
async function officialTools({ s3 }: Stage, aiven: SimulatedAiven) {
  const folder = await temporaryFolder('official');
  const file = join(folder.path, 'backup.tar');
  const config = join(folder.path, 'aws-config');
  // Its own parts of 8 MiB would be more than 1,000, which versitygw 1.7.0 does not put together.
  await writeFile(config, '[default]\ns3 =\n  multipart_chunksize = 64MB\n');
  const env = {
    ...process.env,
    AWS_CONFIG_FILE: config,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
  };
  const upload = ['s3', 'cp', file, `s3://${BUCKET}/official/`, '--endpoint-url', s3.endpoint];
  return {
    async download() {
      const { url, login } = await aiven.offer();
      const since = performance.now();
      const cpu = await cpuOf(['curl', '-sSf', '-u', login, '-o', file, url]);
      await promisify(execFile)('aws', [...upload, '--only-show-errors'], { env });
      return { seconds: (performance.now() - since) / 1000, cpu };
    },
    async check() {
      const checks = [
        { name: 'sha256sum', cpu: await cpuOf(['sha256sum', file]) },
        { name: 'tar t', cpu: await cpuOf(['tar', 'tf', file]) },
      ];
      // Who hands the files to zcat is not counted.
      const shards = startFeeding('tar', ['xOf', file, '--wildcards', '*.tar.gz']);
      const [cpu] = await Promise.all([cpuOf(['zcat'], shards.output), shards.ended]);
      return [...checks, { name: 'zcat', cpu }];
    },
    async forget() {
      await rm(file, { force: true });
      await rm(join(s3.folder, BUCKET, 'official'), { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}
