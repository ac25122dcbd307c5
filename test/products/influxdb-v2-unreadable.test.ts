import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  BackupReader,
  Conclusion,
  ProductSession,
} from '../../activities/products/product.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { createBucket, writeLines } from '../support/influx.ts';
import { backupRun, type BackupRun } from './backup-run.ts';
import { influxdbV2UnderTest } from './influxdb-v2.ts';
import { restoreRun } from './restore-run.ts';
import { connectTo, failureOf } from './session.ts';

const subject = influxdbV2UnderTest(() => Promise.reject(new Error('started by the test itself')));
const TOKEN = 'HOLDFAST_TEST_UNREADABLE_TOKEN';
process.env[TOKEN] = 'operator-token';

const HOUR_MS = 3_600_000;
const now = Math.floor(Date.now() / 1000);
const BAD = 2;

let server: InfluxSimulator;
let session: ProductSession;
const runs: BackupRun[] = [];

const connect = ({ url }: InfluxSimulator) => connectTo(subject, { url, token: { env: TOKEN } });

beforeEach(async () => {
  server = await startInfluxSimulator({ generate: [{ shards: 3, shardBytes: 20_000 }] });
  session = connect(server);
});
afterEach(async () => {
  await session.close();
  for (const run of runs.splice(0)) await run[Symbol.asyncDispose]();
  await server.stop();
});

interface Taken {
  conclusion: Conclusion;
  reader: BackupReader;
}

/** A backup, measured against the one before it, as the commit has it done. */
async function take(before?: Taken): Promise<Taken> {
  const run = await backupRun('influxdb-v2');
  runs.push(run);
  const captured = await run.capture(session);
  const moved = await run.transfer(session, captured);
  const conclusion = await session.backup.conclude({
    startedAt: new Date(),
    detail: captured.capture.detail,
    objects: (async function* () {
      yield* [...captured.lines, ...moved.lines];
    })(),
    gone: moved.gone,
    before: () => Promise.resolve(before?.reader),
  });
  const reader = await run.commit(captured, moved, conclusion);
  const { manifest } = reader;
  const time = new Date().toISOString();
  const product = { ...manifest.product, identity: server.state.metadata.userID };
  const times = { ...manifest.times, captured: { from: time, to: time } };
  return { conclusion, reader: { ...reader, manifest: { ...manifest, product, times } } };
}

const spool = () => runs[0]?.spool() ?? Promise.reject(new Error('Nothing was taken.'));
const about = ({ conclusion: { warnings } }: Taken) =>
  warnings.filter(({ code }) => code.startsWith('SHARD_'));

function telemetry(name = 'telemetry') {
  const bucket = server.state.metadata.buckets.find((one) => one.name === name);
  if (!bucket) throw new Error('There is no bucket.');
  return bucket;
}

/** What a restore with `replace` does to a bucket. */
async function nameAnew(): Promise<void> {
  telemetry().name = 'replaced';
  await createBucket(server, 'telemetry');
}

/** As an older version wrote it. */
function withoutEntries({ conclusion, reader }: Taken): Taken {
  async function* objects() {
    for await (const { entries: _entries, ...line } of reader.objects()) yield line;
  }
  return { conclusion, reader: { ...reader, objects } };
}

/** The next group of a bucket, which the server names without creating its shard. */
function nameAhead(begin: number, end: number): number {
  const [shard = -1] = server.state.addGroup(telemetry(), begin, end).shards;
  server.state.shards.delete(shard);
  return shard;
}

const startAt = (ms: number) => void (server.state.startedAt = new Date(ms));

describe('a shard that the server could not open at its start', () => {
  let good: Taken;
  beforeEach(async () => {
    good = await take();
    await server.restart();
    server.switches.shardUnopened = { shards: [BAD] };
  });

  test('makes the backup that lacks it suspect, and each later one', async () => {
    for (const taken of [await take(good), await take(good)]) {
      expect(taken.conclusion.lacking).toBe(true);
      expect(about(taken)).toMatchObject([
        { code: 'SHARD_UNREADABLE', subject: `acme/telemetry/shard ${BAD}` },
      ]);
    }
  });

  test('is told by every plan of a restore that does without it', async () => {
    const { reader } = await take(good);
    server.calm();
    const rename = { rename: { telemetry: 'copy' } };
    for (const request of [{}, rename, { ...rename, select: { buckets: ['telemetry'] } }]) {
      const { plan } = await restoreRun(session, reader, request, await spool());
      expect(plan.summary.warnings).toContainEqual(
        expect.objectContaining({
          code: 'SHARD_UNREADABLE',
          message: expect.stringContaining(`acme/telemetry/shard ${BAD}`) as string,
        }),
      );
    }
    await createBucket(server, 'other');
    await writeLines(server, 'other', ['cpu v=1 1700000000']);
    server.switches.shardUnopened = { shards: [BAD] };
    const other = { select: { buckets: ['other'] }, rename: { other: 'copy' } };
    const { plan } = await restoreRun(session, (await take(good)).reader, other, await spool());
    expect(plan.summary.warnings).toEqual([]);
  });

  test('is found also when its bucket has another name now', async () => {
    const bucket = server.state.metadata.buckets.find(({ name }) => name === 'telemetry');
    Object.assign(bucket ?? {}, { name: 'renamed' });
    expect((await take(good)).conclusion.lacking).toBe(true);
  });

  test('is found also when its bucket was renamed and its name is given to another one', async () => {
    await nameAnew();
    const taken = await take(good);
    expect(about(taken)).toMatchObject([
      { code: 'SHARD_UNREADABLE', subject: `acme/replaced/shard ${BAD}` },
    ]);
    expect(taken.conclusion.lacking).toBe(true);
    expect(taken.conclusion.detail).not.toHaveProperty('unwrittenShards');
  });

  test('is told as one of which nobody knows when the last backup names its bucket and no files', async () => {
    await nameAnew();
    const taken = await take(withoutEntries(good));
    expect(about(taken)).toMatchObject([{ code: 'SHARD_GONE' }]);
    expect(about(taken)[0]?.message).toMatch(`named acme/replaced/shard ${BAD} and did not`);
    expect(taken.conclusion.detail).not.toHaveProperty('unwrittenShards');
  });

  test('is told as one of which nobody knows when the server names it, for a time long over, since the last backup', async () => {
    const monthAgo = now - 30 * 24 * 3600;
    const [filled = -1] = server.state.addGroup(telemetry(), monthAgo, monthAgo + 3600).shards;
    startAt(Date.now() + 1000);
    server.switches.shardUnopened = { shards: [filled] };
    const taken = await take(good);
    expect(about(taken)).toMatchObject([{ code: 'SHARD_GONE' }]);
    expect(about(taken)[0]?.message).toMatch(`named acme/telemetry/shard ${filled} and did not`);
    expect(taken.conclusion.detail).not.toHaveProperty('unwrittenShards');
  });

  test('is no such shard when its number was given again in another bucket', async () => {
    telemetry().name = 'renamed';
    telemetry('renamed').id = 'abcdefabcdefabcd';
    startAt(Date.now() - 48 * HOUR_MS);
    const taken = await take(good);
    expect(about(taken)).toEqual([]);
    expect(taken.conclusion).toMatchObject({ lacking: false, detail: { unwrittenShards: 1 } });
  });

  test('is no such shard when the server removed it, or is another server', async () => {
    server.calm();
    server.switches.shardVanished = { shards: [BAD] };
    const taken = await take(good);
    expect(taken.conclusion.lacking).toBe(false);
    expect(about(taken)).toMatchObject([
      { code: 'SHARD_GONE', message: expect.stringContaining('removed it') as string },
    ]);
    server.switches.shardUnopened = { shards: [1] };
    server.state.metadata.userID = '0123456789abcdef';
    expect((await take(good)).conclusion.lacking).toBe(false);
  });

  test('is told as one of which nobody knows when it is of a later time than the last backup: of the future then, or another one', async () => {
    server.calm();
    const bucket = server.state.metadata.buckets.find(({ name }) => name === 'telemetry');
    const group = bucket?.groups.find(({ shards }) => shards.includes(BAD));
    Object.assign(group ?? {}, { start: now + 600, end: now + 4200 });
    server.state.shards.delete(BAD);
    const taken = await take(good);
    expect(about(taken)).toMatchObject([{ code: 'SHARD_GONE' }]);
    expect(taken.conclusion.detail).not.toHaveProperty('unwrittenShards');
    expect(taken.conclusion.lacking).toBe(false);
  });

  test('is not asked of a shard that the retention removed between two backups', async () => {
    server.calm();
    const bucket = server.state.metadata.buckets.find(({ name }) => name === 'telemetry');
    for (const group of bucket?.groups ?? []) {
      if (!group.shards.includes(BAD)) continue;
      group.deletedAt = new Date().toISOString();
      await server.state.removeShards(group);
    }
    const taken = await take(good);
    expect(about(taken)).toEqual([]);
    expect(taken.conclusion.lacking).toBe(false);
  });
});

describe('a shard to which nothing was written', () => {
  test('is counted each night, and not worth a warning', async () => {
    startAt(Date.now() - 48 * HOUR_MS);
    let last = await take();
    for (const night of [1, 2]) {
      const begin = now - (3 - night) * 3600;
      nameAhead(begin, begin + 3600);
      last = await take(last);
      expect(about(last)).toEqual([]);
      expect(last.conclusion).toMatchObject({ lacking: false, detail: { unwrittenShards: night } });
    }
  });

  test('is told once after the server was started again, since it may be one that could not be opened', async () => {
    const last = await take();
    nameAhead(now - 3600, now + 3600);
    nameAhead(now + 3600, now + 7200);
    startAt(Date.now() + 1000);
    const after = await take(last);
    expect(about(after)).toMatchObject([{ code: 'SHARD_GONE' }]);
    expect(about(after)[0]?.message).toMatch(/named acme\/telemetry\/shard 4 and did not/);
    expect(after.conclusion.lacking).toBe(false);
    startAt(Date.now() - 1000);
    expect(about(await take(after))).toEqual([]);
  });

  test('is told then, behind later ones, also when its time was over long before the last backup', async () => {
    const monthAgo = now - 30 * 24 * 3600;
    const over = nameAhead(monthAgo, monthAgo + 3600);
    await writeLines(server, 'telemetry', [`cpu v=1 ${now - 24 * 3600}`]);
    const last = await take();
    startAt(Date.now() - 48 * HOUR_MS);
    const quiet = await take(last);
    expect(about(quiet)).toEqual([]);
    expect(quiet.conclusion.detail).toMatchObject({ unwrittenShards: 1 });
    const recent = nameAhead(now - 3600, now + 3600);
    startAt(Date.now() + 1000);
    const [told] = about(await take(quiet));
    const both = `acme/telemetry/shard ${recent}, acme/telemetry/shard ${over}`;
    expect(told).toMatchObject({ code: 'SHARD_GONE', message: expect.stringContaining(both) });
  });

  test('is told of all that there may be when no backup was taken before', async () => {
    nameAhead(now - 7200, now - 3600);
    expect(about(await take())).toMatchObject([{ code: 'SHARD_GONE' }]);
  });
});

describe('a whole restore into a server that could not open a shard', () => {
  const whole = async ({ reader }: Taken, into = session) =>
    restoreRun(into, reader, {}, await spool());
  const warnings = async (taken: Taken) =>
    (await whole(taken)).plan.summary.warnings.map(({ code }) => code);

  test('is refused before anything is destroyed, where the backup holds that shard', async () => {
    const taken = await take();
    server.switches.shardUnopened = { shards: [BAD] };
    const failure = await failureOf(whole(taken));
    expect(failure).toMatchObject({ code: 'DESTINATION_UNREADABLE', retryable: false });
    expect(failure.message).toContain(`acme/telemetry/shard ${BAD}`);
    expect([...server.state.shards.keys()]).toHaveLength(3);
  });

  test('goes on with a warning once its engine was moved away', async () => {
    const taken = await take();
    server.state.shards.clear();
    expect(await warnings(taken)).toContain('DESTINATION_LACKS_SHARDS');
    expect((await (await whole(taken)).complete()).restored).toEqual(['acme/telemetry']);
    expect(await warnings(taken)).not.toContain('DESTINATION_LACKS_SHARDS');
  });

  test('warns where nobody knows, and of nothing that was named since the server was started', async () => {
    const taken = await take();
    startAt(Date.now() - 2 * HOUR_MS);
    nameAhead(now - 3600, now + 3600);
    expect(await warnings(taken)).not.toContain('DESTINATION_LACKS_SHARDS');
    startAt(Date.now());
    expect(await warnings(taken)).toContain('DESTINATION_LACKS_SHARDS');
  });

  test('ends at once when the server has taken the metadata and cannot create the shards', async () => {
    await using target = await startInfluxSimulator();
    const into = connect(target);
    const restoring = await whole(await take(), into);
    target.switches.shardUnopened = { shards: [BAD] };
    const failure = await failureOf(restoring.prepare());
    expect(failure).toMatchObject({ code: 'DESTINATION_UNREADABLE', retryable: false });
    expect((await restoring.undo()).lost).toEqual([expect.stringContaining('everything at')]);
    await into.close();
  });

  test('is tried again while the server has kept its own metadata', async () => {
    const restoring = await whole(await take());
    server.switches.shardUnopened = { shards: [BAD] };
    server.switches.kvRefused = true;
    expect((await failureOf(restoring.prepare())).code).toBe('TARGET_ERROR');
  });
});
