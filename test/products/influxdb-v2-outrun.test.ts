import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBackupDirectory } from '../../activities/products/influxdb-v2/import-directory.ts';
import { influxdbV2 } from '../../activities/products/influxdb-v2/index.ts';
import type { BackupReader, ProductSession } from '../../activities/products/product.ts';
import type { Warning } from '../../workflows/contract/progress.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { contentsOf, createBucket, writeLines } from '../support/influx.ts';
import { officialBackup } from '../support/official-backup.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { backupRun, type BackupRun } from './backup-run.ts';
import { restoreRun } from './restore-run.ts';
import { connectTo, failureOf } from './session.ts';

const TOKEN = 'HOLDFAST_TEST_OUTRUN_TOKEN';
process.env[TOKEN] = 'operator-token';

let source: InfluxSimulator;
let target: InfluxSimulator;
let run: BackupRun;
let imports: BackupRun;
let disk: TemporaryFolder;
const sessions: ProductSession[] = [];

function connect({ url }: InfluxSimulator): ProductSession {
  const session = connectTo({ product: influxdbV2 }, { url, token: { env: TOKEN } });
  sessions.push(session);
  return session;
}

beforeEach(async () => {
  source = await startInfluxSimulator({ generate: [{ shards: 2, shardBytes: 20_000 }] });
  await createBucket(source, 'billing');
  await writeLines(source, 'billing', ['cpu v=1 1700000000']);
  target = await startInfluxSimulator();
  run = await backupRun('influxdb-v2');
  imports = await backupRun('influxdb-v2');
  disk = await temporaryFolder('outrun');
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  await run[Symbol.asyncDispose]();
  await imports[Symbol.asyncDispose]();
  await disk.remove();
  await Promise.all([source.stop(), target.stop()]);
});

const whole = async (backup: BackupReader) =>
  restoreRun(connect(target), backup, {}, await run.spool());
const requests = (path: string) => target.requests.filter((one) => one.path.startsWith(path));
const bucketNamed = (server: InfluxSimulator, name: string) => {
  const found = server.state.metadata.buckets.find((bucket) => bucket.name === name);
  if (!found) throw new Error(`There is no bucket ${name}.`);
  return found;
};

test('a backup holds no shard and no bucket that came into being while its metadata were sent', async () => {
  source.switches.metadataOutrun = true;
  const restoring = await whole(await run.take(connect(source)));
  const { restored, warnings, proofs } = await restoring.complete();
  expect(warnings).toEqual([]);
  // Two shards and one that were there, and what the first of the writers had made of three buckets.
  expect(proofs).toHaveLength(6);
  expect(restored).toHaveLength(3);
});

describe('a backup whose list names more than its metadata', () => {
  let backup: BackupReader;
  let late: string[];
  let born: string;
  const take = async () => {
    source.switches.metadataOutrun = 1;
    backup = await imported(await officialBackup(source, disk.path));
    born = source.state.metadata.buckets.at(-1)?.name ?? '';
    late = ['telemetry', 'billing'].map(
      (name) => `acme/${name}/shard ${bucketNamed(source, name).groups.at(-1)?.shards[0]}`,
    );
  };

  test('is restored as a whole server without it, and says what is missing', async () => {
    await take();
    const restoring = await whole(backup);
    expect(restoring.plan.steps).toHaveLength(6);
    const { restored, warnings, proofs } = await restoring.complete();
    expect(restored.toSorted()).toEqual(['acme/billing', 'acme/telemetry']);
    expect(proofs).toHaveLength(3);
    const [bucket, ...shards] = warnings as Warning[];
    expect(bucket).toMatchObject({ code: 'BUCKET_NOT_IN_METADATA', subject: `acme/${born}` });
    expect(new Set(shards.map(({ code }) => code))).toEqual(new Set(['SHARD_NOT_IN_METADATA']));
    expect(new Set(shards.map(({ subject }) => subject))).toEqual(new Set(late));

    const request = { select: { buckets: ['billing'] }, rename: { billing: 'copy' } };
    const one = await restoreRun(connect(target), backup, request, await run.spool());
    expect((await one.complete()).proofs).toHaveLength(2);
    expect(await contentsOf(target, 'copy')).toEqual(await contentsOf(source, 'billing'));
  });

  test('never writes it into the shard of another bucket that has its number by now', async () => {
    await take();
    target.switches.kvWrittenTo = true;
    const restoring = await whole(backup);
    const { proofs } = await restoring.complete();
    expect(proofs).toHaveLength(3);
    const numbers = late.map((name) => Number(name.split(' ').at(-1)));
    for (const id of numbers) expect(requests(`/api/v2/restore/shards/${id}`)).toEqual([]);
    const theirs = numbers.map((id) => target.state.shards.get(id)?.bucketID);
    expect(theirs).toEqual(['billing', 'telemetry'].map((name) => bucketNamed(target, name).id));
  });

  test('does not take for expired what was never there', async () => {
    bucketNamed(source, 'telemetry').retentionSeconds = 315_360_000;
    await take();
    const { warnings } = await (await whole(backup)).complete();
    expect(warnings.map(({ code }) => code)).toContain('SHARD_NOT_IN_METADATA');
    expect(requests('/api/v2/restore/kv')).toHaveLength(1);
  });
});

test('a server that got other metadata in the meantime gets no shard', async () => {
  const backup = await run.take(connect(source));
  for (const bucket of source.state.metadata.buckets) bucket.id = bucket.id.replace(/^./, 'f');
  const other = await imports.take(connect(source));
  const restoring = await whole({
    ...backup,
    // What the metadata of one backup are, somebody replaces by those of another.
    objects: async function* () {
      for await (const line of other.objects()) if (line.role !== 'metadata') yield line;
      for await (const line of backup.objects()) if (line.role === 'metadata') yield line;
    },
    open: (lines, options) => (lines[0]?.role === 'metadata' ? backup : other).open(lines, options),
  });
  expect((await failureOf(restoring.prepare())).code).toBe('DESTINATION_CHANGED');
});

/** A directory of the official tool, taken in as `holdfast import` does it. */
async function imported(dir: string): Promise<BackupReader> {
  return imports.take({ backup: await openBackupDirectory(dir) } as unknown as ProductSession);
}
