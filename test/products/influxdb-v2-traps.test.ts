import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BackupReader, ProductSession } from '../../activities/products/product.ts';
import {
  bucketsOf,
  callInflux,
  createBucket,
  deletePoints,
  writeLines,
} from '../support/influx.ts';
import type { SimulatedVersion } from '../simulators/influxdb-v2/profiles.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import type { Switches } from '../simulators/influxdb-v2/switches.ts';
import { backupRun, type BackupRun } from './backup-run.ts';
import { influxdbV2UnderTest } from './influxdb-v2.ts';
import { restoreRun } from './restore-run.ts';
import { connectTo, failureOf } from './session.ts';

const subject = influxdbV2UnderTest(() => Promise.reject(new Error('started by the test itself')));
const TOKEN = 'HOLDFAST_TEST_TRAPS_TOKEN';
process.env[TOKEN] = 'operator-token';

let server: InfluxSimulator;
let session: ProductSession;
let run: BackupRun;

const connect = (url: string, stallMs = 20_000) =>
  connectTo(subject, { url, token: { env: TOKEN } }, { stallMs });

beforeEach(async () => {
  server = await startInfluxSimulator({ generate: [{ shards: 3, shardBytes: 20_000 }] });
  session = connect(server.url);
  run = await backupRun('influxdb-v2');
});
afterEach(async () => {
  await session.close();
  await run[Symbol.asyncDispose]();
  await server.stop();
});

describe('a source that misbehaves', () => {
  const everyRequest: [Partial<Switches>, string][] = [
    [{ unavailable: true }, 'TARGET_BUSY'],
    [{ tooManyRequests: true }, 'TARGET_BUSY'],
    [{ tokenRevoked: true }, 'AUTH_REJECTED'],
    [{ internalError: true }, 'TARGET_ERROR'],
    [{ connectionLost: true }, 'TARGET_UNREACHABLE'],
  ];
  test.each(everyRequest)('%j is %s, wherever it is met', async (fault, code) => {
    const { capture } = await run.capture(session);
    const backup = await run.take(session);
    const [artifact] = capture.artifacts;
    Object.assign(server.switches, fault);
    expect((await failureOf(run.capture(session))).code).toBe(code);
    if (!artifact) throw new Error('The plan is empty.');
    expect((await failureOf(session.backup.open(artifact))).code).toBe(code);
    const planning = restoreRun(connect(server.url), backup, { onConflict: 'rename' }, run.data);
    expect((await failureOf(planning)).code).toBe(code);
  });

  const shardFaults: [keyof Switches, RegExp][] = [
    ['shardTail', /^SOURCE_(GARBLED|TRUNCATED)$/],
    ['shardBroken', /^SOURCE_(GARBLED|TRUNCATED)$/],
    ['shardCut', /^SOURCE_TRUNCATED$/],
    ['shardReset', /^SOURCE_TRUNCATED$/],
    ['shardGarbled', /^SOURCE_GARBLED$/],
    ['shardStalls', /^SOURCE_STALLED$/],
  ];
  describe.each(['none', 'speedy'])('with compression %s', (compression) => {
    test.each(shardFaults)('%s never becomes an object, and heals', async (fault, code) => {
      await run[Symbol.asyncDispose]();
      run = await backupRun('influxdb-v2', 500);
      const connection = { url: server.url, token: { env: TOKEN }, compression };
      const impatient = connectTo(subject, connection, { stallMs: 500 });
      const captured = await run.capture(impatient);
      const before = await run.objects();
      Object.assign(server.switches, { [fault]: true });
      for (const artifact of captured.capture.artifacts) {
        const failure = await failureOf(run.transferOne(impatient, artifact));
        expect(failure.code).toMatch(code);
      }
      expect(await run.objects()).toEqual(before);
      server.calm();
      const moved = await run.transfer(impatient, captured);
      expect(moved.lines.length).toBe(3);
      await impatient.close();
    });
  });

  test('metadata without an end are refused, and nothing is taken', async () => {
    server.switches.metadataCut = true;
    expect((await failureOf(run.capture(session))).code).toMatch(/^SOURCE_(GARBLED|TRUNCATED)$/);
    expect(await run.objects()).toEqual([]);
  });

  test('what comes late is waited for', async () => {
    server.switches.firstByteMs = 1500;
    const impatient = connect(server.url, 500);
    const captured = await run.capture(impatient);
    expect((await run.transfer(impatient, captured)).lines.length).toBe(3);
    await impatient.close();
  });

  test('a shard that vanished leaves no empty group behind in the destination', async () => {
    server.switches.shardVanished = { shards: [2] };
    const backup = await run.take(session);
    server.calm();
    await restoreRenamed(backup);
    const copy = server.state.metadata.buckets.find(({ name }) => name === 'copy');
    expect(copy?.groups.length).toBe(2);
    expect(copy?.groups.every(({ shards }) => shards.length === 1)).toBe(true);
  });

  test('empty groups and groups marked as deleted are passed over', async () => {
    server.switches.emptyGroups = true;
    server.switches.deletedGroups = true;
    const backup = await run.take(session);
    server.calm();
    const { proofs } = await restoreRenamed(backup);
    expect(proofs.length).toBe(3);
    const copy = server.state.metadata.buckets.find(({ name }) => name === 'copy');
    expect(copy?.groups.filter(({ shards }) => shards.length === 0)).toEqual([]);
  });

  test('tombstones are told', async () => {
    await createBucket(server, 'cleaned');
    await writeLines(server, 'cleaned', ['cpu,host=a v=1 1700000000', 'cpu,host=b v=1 1700000000']);
    await run.capture(session);
    for (const shard of server.state.shards.values()) shard.flush();
    await deletePoints(server, 'cleaned', 'host="a"');
    const { manifest } = await run.take(session);
    expect(manifest.warnings.some(({ message }) => message.includes('cleaned'))).toBe(true);
  });
});

describe('versions', () => {
  test.each(['2.0.9', '2.1.1', '2.4.0'] as SimulatedVersion[])('%s is refused', async (version) => {
    await using old = await startInfluxSimulator({ version });
    const failure = await failureOf(connect(old.url).preflight('backup'));
    expect(failure.code).toBe('VERSION_UNSUPPORTED');
  });

  test('2.8.0 is taken, with a warning, and a full restore goes on with the token of its answer', async () => {
    await using old = await startInfluxSimulator({ version: '2.8.0' });
    await using target = await startInfluxSimulator({
      version: '2.8.0',
      setup: { token: 'other' },
    });
    process.env['HOLDFAST_TEST_OTHER_TOKEN'] = 'other';
    await writeLines(old, 'telemetry', ['cpu v=1 1700000000']);
    const from = connect(old.url);
    expect((await from.preflight('backup')).warnings.length).toBeGreaterThan(0);
    const backup = await run.take(from);
    const to = connectTo(subject, { url: target.url, token: { env: 'HOLDFAST_TEST_OTHER_TOKEN' } });
    const restoring = await restoreRun(to, backup, {}, await run.spool());
    const { restored } = await restoring.complete();
    expect(restored).toEqual(['acme/telemetry']);
    await Promise.all([from.close(), to.close()]);
  });
});

describe('a destination that misbehaves', () => {
  let backup: BackupReader;
  beforeEach(async () => {
    backup = await run.take(session);
  });

  test.each(['restoreDiskFull', 'restoreFlipsBit'] as const)(
    '%s is found out by the proof, in the shard where it was',
    async (fault) => {
      const restoring = await planRenamed(backup);
      await restoring.prepare();
      const [bad, good] = restoring.plan.steps;
      if (!bad || !good) throw new Error('The plan is too short.');
      server.switches[fault] = 1;
      for (const step of [bad, good]) await restoring.apply(step);
      expect((await restoring.prove(bad)).result).toBe('different');
      expect(await restoring.prove(good)).toEqual({ result: 'identical' });
      await restoring.apply(bad);
      expect(await restoring.prove(bad)).toEqual({ result: 'identical' });
    },
  );

  test('a bucket that somebody removes meanwhile ends the restore at once', async () => {
    const restoring = await planRenamed(backup);
    await restoring.prepare();
    const made = server.state.metadata.buckets.find(({ name }) =>
      name.startsWith('copy.restoring'),
    );
    const [step] = restoring.plan.steps;
    if (!made || !step) throw new Error('Nothing was prepared.');
    await server.state.removeBucket(made);
    expect((await failureOf(restoring.apply(step))).code).toBe('DESTINATION_CHANGED');
  });

  test('a compaction in between is no difference', async () => {
    server.switches.compactAfterRestore = true;
    const { proofs } = await restoreRenamed(backup);
    expect(new Set(proofs.map(({ result }) => result))).toEqual(new Set(['equivalent']));
  });

  test('old shards of a bucket with a retention survive a reaper that never sleeps', async () => {
    const bucket = server.state.metadata.buckets.find(({ name }) => name === 'telemetry');
    if (!bucket) throw new Error('There is no bucket.');
    bucket.retentionSeconds = 86_400;
    const limited = await (await backupAgain()).take(session);
    bucket.retentionSeconds = 0;
    server.switches.retentionReaper = true;
    const { restored } = await restoreRenamed(limited);
    expect(restored).toEqual(['acme/copy']);
    const copy = server.state.metadata.buckets.find(({ name }) => name === 'copy');
    expect(copy?.retentionSeconds).toBe(86_400);
  });

  describe('of a whole server whose shards have expired', () => {
    let limited: BackupReader;
    beforeEach(async () => {
      const bucket = server.state.metadata.buckets.find(({ name }) => name === 'telemetry');
      if (!bucket) throw new Error('There is no bucket.');
      bucket.retentionSeconds = 86_400;
      limited = await (await backupAgain()).take(session);
    });
    const restoring = async () => restoreRun(session, limited, {}, await run.spool());

    test('brings back what the server removed before its retention was suspended', async () => {
      const whole = await restoring();
      server.switches.retentionReaper = 1;
      let taken = 0;
      await whole.prepare(() => Promise.resolve(void (taken += 1)));
      expect(taken).toBe(1);
      for (const step of whole.plan.steps) {
        await whole.apply(step);
        expect(await whole.prove(step)).toEqual({ result: 'identical' });
      }
      expect(whole.plan.steps).toHaveLength(3);
    });

    test('ends when the server removes them again and again', async () => {
      const whole = await restoring();
      server.switches.retentionReaper = true;
      const failure = await failureOf(whole.prepare());
      expect(failure.code).toBe('DESTINATION_CHANGED');
      expect(failure.message).toMatch(/removed acme\/telemetry\/shard \d+, .* as expired 3 times/);
    });

    test('ends at once when a shard is removed later on, and only then', async () => {
      const whole = await restoring();
      await whole.prepare();
      const [step, other] = whole.plan.steps;
      if (!step || !other) throw new Error('The plan is too short.');
      const gone = server.state.metadata.buckets
        .flatMap(({ groups }) => groups)
        .find(({ shards }) => shards.includes(Number(step.key['shard'])));
      if (!gone) throw new Error('The shard did not come back.');
      gone.deletedAt = new Date().toISOString();
      await server.state.removeShards(gone);
      const failure = await failureOf(whole.apply(step));
      expect(failure.code).toBe('DESTINATION_CHANGED');
      expect(failure.message).toContain(`has removed ${step.subject}`);
      server.switches.internalError = 1;
      expect((await failureOf(whole.apply(other))).code).toBe('TARGET_ERROR');
    });
  });

  test('an answer that comes late is waited for', async () => {
    server.switches.restoreAnswerMs = 1500;
    const { proofs } = await restoreRenamed(backup, connect(server.url, 500));
    expect(proofs.length).toBe(3);
  });

  test('a bucket whose answer was lost is made again, and there is one of it', async () => {
    const restoring = await planRenamed(backup);
    server.switches.bucketAnswerLost = 1;
    await failureOf(restoring.prepare());
    await restoring.complete();
    const names = server.state.metadata.buckets.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('copy'))).toEqual(['copy']);
  });

  test('metadata whose answer was lost are restored again with a token of the backup', async () => {
    await using target = await startInfluxSimulator({ setup: { token: 'other' } });
    process.env['HOLDFAST_TEST_OTHER_TOKEN'] = 'other';
    const connection = { url: target.url, token: { env: 'HOLDFAST_TEST_OTHER_TOKEN' } };
    const source = { target: 'source', connection: { url: server.url, token: { env: TOKEN } } };
    const one = connectTo(subject, connection, { source });
    const restoring = await restoreRun(one, backup, {}, await run.spool());
    target.switches.kvAnswerLost = 1;
    await failureOf(restoring.prepare());
    const { restored } = await restoring.complete();
    expect(restored).toEqual(['acme/telemetry']);
    await one.close();
  });

  test('a finish that is repeated leaves alone what somebody gave the bucket since', async () => {
    const restoring = await planRenamed(backup);
    await restoring.complete();
    const copy = server.state.metadata.buckets.find(({ name }) => name === 'copy');
    if (!copy) throw new Error('There is no bucket.');
    Object.assign(copy, { retentionSeconds: 31_536_000, description: 'kept for longer' });
    expect((await restoring.finish()).restored).toEqual(['acme/copy']);
    expect(copy).toMatchObject({ retentionSeconds: 31_536_000, description: 'kept for longer' });
  });

  test('undoing moves mappings to the bucket of this restore alone', async () => {
    const [old] = await bucketsOf(server);
    if (!old) throw new Error('There is no bucket.');
    const { orgID } = old;
    const mapping = {
      orgID,
      bucketID: old.id,
      database: 'db',
      retention_policy: 'rp',
      default: true,
    };
    expect((await callInflux(server, 'POST', '/api/v2/dbrps', mapping)).status).toBe(201);
    const mapped = async () => {
      const answer = await callInflux(server, 'GET', `/api/v2/dbrps?orgID=${orgID}&db=db`);
      return (answer.json() as { content: { id: string; bucketID: string }[] }).content;
    };
    const request = { select: { buckets: ['telemetry'] }, onConflict: 'replace' as const };
    const overtaken = await restoreRun(session, backup, request, await run.spool());
    await overtaken.prepare();
    await callInflux(server, 'PATCH', `/api/v2/buckets/${old.id}`, { name: 'elsewhere' });
    const foreign = await createBucket(server, 'telemetry');
    expect((await failureOf(overtaken.finish())).code).toBe('DESTINATION_CHANGED');
    await overtaken.undo();
    expect(await mapped()).toMatchObject([{ bucketID: old.id }]);

    await callInflux(server, 'DELETE', `/api/v2/buckets/${foreign.id}`);
    await callInflux(server, 'PATCH', `/api/v2/buckets/${old.id}`, { name: 'telemetry' });
    const again = await restoreRun(session, backup, request, await run.spool());
    await again.complete();
    const [moved] = await mapped();
    await callInflux(server, 'DELETE', `/api/v2/dbrps/${moved?.id}?orgID=${orgID}`);
    await again.undo(true);
    expect(await mapped()).toMatchObject([{ bucketID: moved?.bucketID }]);
    expect(moved?.bucketID).not.toBe(old.id);
  });

  test.each([
    ['one', 'two'],
    ['two', 'one'],
  ])('gives no bucket its name when that of another was taken: %s', async (taken, other) => {
    await createBucket(server, 'billing');
    await writeLines(server, 'billing', ['cpu v=1 1700000000']);
    const both = await (await backupAgain()).take(session);
    const rename = { telemetry: 'one', billing: 'two' };
    const request = { select: { buckets: Object.keys(rename) }, rename };
    const restoring = await restoreRun(session, both, request, await run.spool());
    await restoring.prepare();
    for (const step of restoring.plan.steps) await restoring.apply(step);
    await createBucket(server, taken);
    const failure = await failureOf(restoring.finish());
    expect(failure.code).toBe('DESTINATION_CHANGED');
    expect(failure.message).toContain(`the name acme/${taken};`);
    expect((await bucketsOf(server)).map(({ name }) => name)).not.toContain(other);
  });

  async function planRenamed(from: BackupReader, to = session) {
    const request = { select: { buckets: ['telemetry'] }, rename: { telemetry: 'copy' } };
    return restoreRun(to, from, request, await run.spool());
  }

  async function backupAgain(): Promise<BackupRun> {
    await run[Symbol.asyncDispose]();
    run = await backupRun('influxdb-v2');
    return run;
  }
});

async function restoreRenamed(backup: BackupReader, to = session) {
  const request = { select: { buckets: ['telemetry'] }, rename: { telemetry: 'copy' } };
  return (await restoreRun(to, backup, request, await run.spool())).complete();
}
