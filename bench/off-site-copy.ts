import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { startVersitygw, type Versitygw } from '../test/support/versitygw.ts';
import type { Benchmark, BenchmarkContext, Row } from './benchmark.ts';
import { commitWritten } from './committed-backup.ts';
import { BUCKET, startStage } from './stage.ts';
import { openBenchStore } from './stores.ts';

const MIB = 1024 ** 2;
const SOURCE = 'product';
/** Of the worker's peak, from a tenth of the objects to all of them. */
const FLAT_MIB = 64;

/** What a database wrote by itself, brought into the store of the backups. */
export const offSiteCopy: Benchmark = {
  rows: ['copy', 'copy-streamed'],
  run: (context) => compareCopies(context, { objects: 2_000, objectBytes: 2_147_484 }),
};

export async function compareCopies(
  { build, wanted, rounds = 3, say }: BenchmarkContext,
  { objects, objectBytes }: { objects: number; objectBytes: number },
): Promise<Row[]> {
  await using stage = await startStage(build);
  await using elsewhere = await startVersitygw({ buckets: [SOURCE], keepAlive: true });
  await stage.s3.createBucket(SOURCE);
  await using worker = await stage.startWorker({});
  const places: Record<string, Versitygw> = { copy: stage.s3, 'copy-streamed': elsewhere };
  const names = Object.keys(places).filter((name) => wanted.has(name));
  await stage.configure(
    Object.fromEntries(names.map((name) => [name, targetOf(places[name] ?? stage.s3)])),
  );
  const rows: Row[] = [];
  for (const name of names) {
    const place = places[name] ?? stage.s3;
    say(`${name}: writing ${objects} objects of ${(objectBytes / MIB).toFixed(1)} MiB`);
    await fill(place, objects, objectBytes);
    const copy = async (prefix: string) => {
      const backup = await commitWritten(stage.s3, place, { target: name, prefix });
      const { seconds, report } = await stage.run('copy', { target: name, backup });
      await stage.removeObjects(name);
      return { seconds, report };
    };
    const tool = await syncTool(place, stage.s3);
    await copy('tenth/');
    const tenth = (await worker.usage()).peakBytes / MIB;
    const [ours, theirs]: [number[], number[]] = [[], []];
    let method = '';
    for (let round = 1; round <= rounds; round++) {
      theirs.push(await tool.sync());
      say(`${name}: aws s3 sync down and up ${theirs.at(-1)?.toFixed(1)} s`);
      const before = await worker.usage();
      const { seconds, report } = await copy('');
      const cpu = (await worker.usage()).cpuSeconds - before.cpuSeconds;
      ours.push(seconds);
      method = report.method;
      say(
        `${name}: ${seconds.toFixed(1)} s, ${report.objects} objects, ${method}, worker ${cpu.toFixed(1)} CPU s`,
      );
    }
    await tool.remove();
    const peak = (await worker.usage()).peakBytes / MIB;
    const gib = ((objects * objectBytes) / 1024 ** 3).toFixed(1);
    const how = name === 'copy' ? 'one endpoint' : 'two endpoints';
    const expected = name === 'copy' ? 'server-side' : 'streamed';
    rows.push({
      name,
      work: `off-site copy of ${objects.toLocaleString('en')} objects, ${gib} GiB, ${how}`,
      against: '`aws s3 sync` to a local disk, then `aws s3 sync` up',
      ours: { label: `copy, whole workflow (${expected})`, unit: 's', values: ours },
      theirs: { label: 'aws s3 sync, twice', unit: 's', values: theirs },
      bar: { kind: 'times as fast, at least', factor: 2 },
      conditions: [
        {
          text: `${method}, every object read back or hashed on the way`,
          met: method === expected,
        },
        {
          text:
            `memory is flat: the worker's peak is ${peak.toFixed(0)} MiB, and was ${tenth.toFixed(0)} MiB after a tenth ` +
            `of the objects`,
          met: peak - tenth <= FLAT_MIB,
        },
      ],
    });
  }
  return rows;
}

/** A target whose server is never asked: a copy reads its storage alone. */
function targetOf({ endpoint, region }: Versitygw): object {
  return {
    product: 'weaviate',
    connection: {
      url: 'http://127.0.0.1:9',
      storage: {
        type: 's3',
        bucket: SOURCE,
        endpoint,
        region,
        credentials: {
          accessKeyId: { env: 'BENCH_ACCESS_KEY' },
          secretAccessKey: { env: 'BENCH_SECRET_KEY' },
        },
      },
    },
    store: 'main',
  };
}

/** A tenth of the objects lies below a prefix of its own. */
async function fill(place: Versitygw, objects: number, bytes: number): Promise<void> {
  await using source = openBenchStore(place, SOURCE);
  const noise = randomBytes(2 * bytes);
  const queue = Array.from({ length: objects }, (_, index) => index).values();
  const lane = async () => {
    for (const index of queue) {
      const at = (index * 4099) % bytes;
      const folder = index % 10 === 0 ? 'tenth' : 'rest';
      const key = `${folder}/node1/Article/chunk-${index}`;
      await source.store.put(key, noise.subarray(at, at + bytes));
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

/** What an operator would have in a script. */
async function syncTool(from: Versitygw, to: Versitygw) {
  const folder = await temporaryFolder('official');
  const local = join(folder.path, 'objects');
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: from.accessKeyId,
    AWS_SECRET_ACCESS_KEY: from.secretAccessKey,
    AWS_DEFAULT_REGION: from.region,
  };
  const sync = (source: string, target: string, { endpoint }: Versitygw) =>
    promisify(execFile)(
      'aws',
      ['s3', 'sync', source, target, '--endpoint-url', endpoint, '--only-show-errors'],
      { env, maxBuffer: 64 * MIB },
    );
  return {
    async sync() {
      const since = performance.now();
      await sync(`s3://${SOURCE}/`, local, from);
      await sync(local, `s3://${BUCKET}/official/`, to);
      const seconds = (performance.now() - since) / 1000;
      await rm(local, { recursive: true, force: true });
      await rm(join(to.folder, BUCKET, 'official'), { recursive: true, force: true });
      return seconds;
    },
    remove: () => folder.remove(),
  };
}
