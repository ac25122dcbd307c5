import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notebookInMemory } from '../../activities/catalog/notebook.ts';
import { UNWATCHED_JOB } from '../../activities/jobs/patience.ts';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { readManifest } from '../../activities/products/influxdb-v2/official-manifest.ts';
import { TsmContent } from '../../activities/pipeline/tsm/tsm-content.ts';
import { TarParser } from '../../activities/pipeline/tar/tar-parser.ts';
import type { RestoreStep } from '../../activities/products/product.ts';
import { connect, planRestore, restore, restoreStep, takeBackup, type Taken } from './adapter.ts';
import { asStored, each } from '../products/backup-run.ts';
import { BEGIN, first, HOUR, points, startInfluxd, type InfluxServer } from './influxd.ts';

describe('the proof of a restore into a real influxd', () => {
  let source: InfluxServer;
  let taken: Taken;
  let step: RestoreStep;
  let state: Record<string, unknown>;

  const session = () => connect(source.url);
  const late = ['b', 'c'].flatMap((host) =>
    Array.from({ length: 20 }, (_, i) => `m,host=${host} v=1 ${BEGIN + i * 60 + 30}`),
  );
  const original = () => taken.reader.open(step.lines, { decompress: true });
  const prove = () => session().restore.prove(step, state, original, taken.spool);

  beforeAll(async () => {
    source = await startInfluxd();
    await source.createBucket('telemetry');
    // Two files in one shard, since each backup flushes what was written before it.
    await source.write('telemetry', points(1, ['a', 'b', 'c'], 30));
    await (await takeBackup(session().backup))[Symbol.asyncDispose]();
    // Points that come late: what the second file holds lies within the times of the first.
    await source.write('telemetry', late);
    taken = await takeBackup(session().backup);
    const plan = await planRestore(session(), taken, {
      rename: { telemetry: 'proven' },
      select: { buckets: ['telemetry'] },
    });
    state = asStored(await session().restore.prepare(plan, taken.reader));
    step = first(plan.steps);
    expect(step.lines[0]?.entries).toHaveLength(2);
  });

  afterAll(async () => {
    await taken?.[Symbol.asyncDispose]();
    await source?.stop();
  });

  const bytes = async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of original()) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  /** Of a compressed artifact nobody knows beforehand how long it becomes. */
  const unannounced = () => ({
    ...step,
    lines: step.lines.map((line) => ({ ...line, codec: 'gzip' as const })),
  });

  it('is not even needed where fewer bytes come than were announced', async () => {
    const whole = await bytes();
    const cut = session().restore.apply(step, state, () => each([whole.subarray(0, 700)]));
    await expect(cut).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
  });

  it('finds an upload that was cut, though the server answered that all is well', async () => {
    const whole = await bytes();
    await session().restore.apply(unannounced(), state, () => each([whole.subarray(0, 700)]));
    expect(await prove()).toEqual({ result: 'different', reason: '0 of 2 files came back' });
  });

  /** The tar of the shard with its first file alone. */
  const half = async () => {
    const { bytes: size } = first(step.lines[0]?.entries);
    return [(await bytes()).subarray(0, 512 + Math.ceil(size / 512) * 512), Buffer.alloc(1024)];
  };

  it('finds that the file with the late points is lost', async () => {
    const restored = await half();
    await session().restore.apply(unannounced(), state, () => each(restored));
    expect(await prove()).toEqual({ result: 'different', reason: '1 of 2 files came back' });
  });

  it('finds a bit that was flipped', async () => {
    const whole = await bytes();
    const at = 512 + 5 + 40;
    whole.writeUInt8(whole.readUInt8(at) ^ 1, at);
    await session().restore.apply(step, state, () => each([whole]));
    expect(await prove()).toEqual({
      result: 'different',
      reason: '1 of 2 files came back altered',
    });
  });

  it('is content once the shard is restored again', async () => {
    expect(await restoreStep(session(), taken, step, state)).toEqual({ result: 'identical' });
  });

  it('says so when the shard is not there any more', async () => {
    const nowhere = asStored(state) as {
      buckets: Record<string, { shards: Record<string, number> }>;
    };
    for (const one of Object.values(nowhere.buckets)) {
      for (const shard of Object.keys(one.shards)) one.shards[shard] = 999_999;
    }
    expect(await session().restore.prove(step, nowhere, original, taken.spool)).toEqual({
      result: 'different',
      reason: 'the server has no such shard',
    });
  });

  const flags = ['--storage-compact-full-write-cold-duration=1s'];
  const restoring = '/api/v2/write?org=acme&bucket=telemetry.restoring-run1&precision=s';

  it('finds that late points are lost also once the rest was compacted', async () => {
    await using busy = await startInfluxd({ flags });
    const open = () => connect(busy.url);
    const plan = await planRestore(open(), taken, { select: { buckets: ['telemetry'] } });
    const there = asStored(await open().restore.prepare(plan, taken.reader));
    const restored = await half();
    await open().restore.apply(unannounced(), there, () => each(restored));
    // A second file, without which there is nothing to compact: points that the first one holds as well.
    await busy.api('POST', restoring, points(1, ['b'], 3).join('\n'));
    await expect
      .poll(() => open().restore.prove(step, there, original, taken.spool), {
        timeout: 120_000,
        interval: 1000,
      })
      .toEqual({
        result: 'different',
        reason:
          '40 of 100 points of series that overlap or grew are missing (90 points came back, the backup holds 130); 1 of 2 files came back',
      });
  });

  it('takes a compacted shard for equal, and still finds what it lacks', async () => {
    await using busy = await startInfluxd({ flags });
    const open = () => connect(busy.url);
    const plan = await planRestore(open(), taken, { select: { buckets: ['telemetry'] } });
    const there = asStored(await open().restore.prepare(plan, taken.reader));
    await open().restore.apply(step, there, original);
    const again = () => open().restore.prove(step, there, original, taken.spool);
    let proof = await again();
    for (let tries = 0; tries < 200 && proof.result === 'identical'; tries += 1) {
      await sleep(1000);
      proof = await again();
    }
    expect(proof).toEqual({ result: 'equivalent' });

    const start = new Date(BEGIN * 1000).toISOString();
    const stop = new Date((BEGIN + HOUR) * 1000).toISOString();
    await busy.api('POST', '/api/v2/delete?org=acme&bucket=telemetry.restoring-run1', {
      start,
      stop,
      predicate: 'host="a"',
    });
    await busy.api('POST', restoring, `m,host=d v=1 ${BEGIN}`);
    expect(await again()).toMatchObject({
      result: 'different',
      reason: expect.stringContaining('1 series and fields are not in the backup'),
    });
  });
});

describe('what a real influxd does to a backup', () => {
  let source: InfluxServer;
  beforeAll(async () => {
    source = await startInfluxd();
  });
  afterAll(() => source?.stop());

  it('warns that deleted points come back, and they do', async () => {
    await source.createBucket('deleted');
    await source.write('deleted', points(1, ['a', 'b'], 300));
    // What a busy server has not flushed, it deletes without a trace.
    const flushed = async () => {
      await using early = await takeBackup(connect(source.url).backup);
      const shards = early.lines.filter(({ subject }) => subject.startsWith('acme/deleted/'));
      return shards.length > 0 && shards.every(({ entries = [] }) => entries.length > 0);
    };
    await expect.poll(flushed).toBe(true);
    await source.api('POST', '/api/v2/delete?org=acme&bucket=deleted', {
      start: '1970-01-01T00:00:00Z',
      stop: '2030-01-01T00:00:00Z',
      predicate: 'host="b"',
    });
    expect(await source.count('deleted')).toBe(300);
    await using taken = await takeBackup(connect(source.url).backup);
    expect(taken.conclusion.warnings).toContainEqual(
      expect.objectContaining({
        code: 'TOMBSTONES_PRESENT',
        subject: expect.stringMatching(/^acme\/deleted\/shard \d+$/),
      }),
    );
    const select = { buckets: ['deleted'] };
    const { plan, proofs } = await restore(connect(source.url), taken, {
      select,
      rename: { deleted: 'back' },
    });
    expect(plan.summary.warnings.map(({ code }) => code)).toEqual(['TOMBSTONES_PRESENT']);
    expect(new Set(proofs.map(({ result }) => result))).toEqual(new Set(['identical']));
    expect(await source.count('back')).toBe(600);
  });

  it.each([{ select: { buckets: ['expired'] } }, {}])(
    'fills shards that are older than the retention before the server removes them (%j)',
    async (request) => {
      await using old = await startInfluxd();
      const id = await old.createBucket('expired');
      await old.write('expired', points(3));
      const retentionRules = [{ type: 'expire', everySeconds: HOUR }];
      await old.api('PATCH', `/api/v2/buckets/${id}`, { retentionRules });
      await using taken = await takeBackup(connect(old.url).backup);
      await using eager = await startInfluxd({ flags: ['--storage-retention-check-interval=5s'] });
      const session = connect(eager.url);
      const plan = await planRestore(session, taken, request);
      expect(plan.summary.warnings).toMatchObject([
        {
          code: 'RETENTION_EXPIRES',
          message: expect.stringContaining('3 of its shards') as string,
        },
      ]);
      const state = asStored(await session.restore.prepare(plan, taken.reader));
      await sleep(6_000);
      for (const step of plan.steps) {
        expect(await restoreStep(session, taken, step, state)).toEqual({ result: 'identical' });
      }
      await session.restore.finish(plan, state);
      await expect.poll(() => eager.count('expired')).toBe(0);
    },
  );

  it('counts the points of every type and every spacing', async () => {
    await source.createBucket('encodings');
    const lines: string[] = [];
    for (let i = 0; i < 2500; i += 1) {
      const at = `${BEGIN + i}`;
      lines.push(`m,is=regular f=${i}.5,i=${i}i,u=${i}u,s="${i}",b=${i % 2 === 0} ${at}`);
      if (i % 7 !== 0 && i % 5 !== 0) lines.push(`m,is=gappy f=1 ${at}`);
    }
    await source.write('encodings', lines);
    // Nanoseconds that no packing fits, and a series of a single point.
    const wild = Array.from({ length: 50 }, (_, i) => {
      const at = BigInt(BEGIN) * 1_000_000_000n + BigInt(i) * 70_000_000_123n + BigInt(i * i * i);
      return `m,is=wild f=1 ${at}`;
    });
    await source.api(
      'POST',
      '/api/v2/write?org=acme&bucket=encodings&precision=ns',
      [...wild, `m,is=single f=1 ${BEGIN}000000000`].join('\n'),
    );
    const session = connect(source.url, { connection: { select: { buckets: ['encodings'] } } });
    await using taken = await takeBackup(session.backup);
    const step = first(taken.lines.filter(({ role }) => role === 'shard'));
    const files = await tsmFiles(taken, step);
    const content = new TsmContent();
    const times = new Map<string, bigint[]>();
    const visit = (key: string) => {
      const seen: bigint[] = [];
      times.set(key, seen);
      return (high: number, low: number) =>
        void seen.push((BigInt(high) << 32n) | BigInt(low >>> 0));
    };
    for (const file of files) await content.add(file, visit);
    const counted = (is: string, field: string) =>
      content.keys.get(`m,is=${is}#!~#${field}`)?.points;
    for (const field of ['f', 'i', 'u', 's', 'b']) expect(counted('regular', field)).toBe(2500);
    expect(counted('gappy', 'f')).toBe(lines.length - 2500);
    expect([counted('wild', 'f'), counted('single', 'f')]).toEqual([50, 1]);
    expect(content.keys.get('m,is=wild#!~#f')?.min).toBe(BigInt(BEGIN) * 1_000_000_000n);
    const written = (is: string) =>
      lines
        .filter((line) => line.startsWith(`m,is=${is} `))
        .map((line) => BigInt(line.slice(line.lastIndexOf(' ') + 1)) * 1_000_000_000n);
    expect(times.get('m,is=regular#!~#f')).toEqual(written('regular'));
    expect(times.get('m,is=gappy#!~#f')).toEqual(written('gappy'));
    expect(times.get('m,is=wild#!~#f')).toEqual(
      wild.map((line) => BigInt(line.slice(line.lastIndexOf(' ') + 1))),
    );
  });

  it('goes on when a shard vanishes, and leaves no empty group behind', async () => {
    const id = await source.createBucket('vanishing');
    await source.write('vanishing', points(2));
    const session = connect(source.url, { connection: { select: { buckets: ['vanishing'] } } });
    await using taken = await takeBackup(session.backup, async () => {
      await source.api('DELETE', `/api/v2/buckets/${id}`);
    });
    expect(taken.artifacts).toHaveLength(2);
    expect(taken.conclusion.warnings.filter(({ code }) => code === 'SHARD_GONE')).toHaveLength(2);
    const text = String(taken.conclusion.files[0]?.bytes);
    const { buckets } = readManifest(text, 'the manifest');
    expect(buckets[0]?.retentionPolicies[0]?.shardGroups).toEqual([]);
    const { restored } = await restore(connect(source.url), taken, { onConflict: 'fail' });
    expect(restored).toEqual(['acme/vanishing']);
    await source.write('vanishing', points(1));
  });

  it.each(['speedy', 'default'] as const)(
    'takes shards as the server compresses them (%s)',
    async (compression) => {
      await source.createBucket(compression);
      await source.write(compression, points(1, ['a', 'b', 'c', 'd'], 59));
      const select = { buckets: [compression] };
      const session = connect(source.url, { connection: { compression, select } });
      await using taken = await takeBackup(session.backup);
      const shard = taken.lines.find(({ role }) => role === 'shard');
      expect(shard).toMatchObject({ codec: 'gzip', path: expect.stringMatching(/\.tar\.gz$/) });
      expect(String(taken.conclusion.files[0]?.bytes)).toContain('"compression": 1');
      expect(taken.conclusion.detail).toMatchObject({ bucketCount: 1, select });
      const { proofs } = await restore(connect(source.url), taken, { onConflict: 'rename' });
      expect(proofs).toEqual([{ result: 'identical' }]);
    },
  );

  it('does not mix the metadata of two attempts', async () => {
    await source.createBucket('attempts');
    const held: ObjectLine[] = [];
    const names: string[] = [];
    const session = connect(source.url);
    await using taken = await takeBackup(session.backup);
    // What the first attempt stored is what a store hands out for the first name of the second.
    await source.createBucket('later');
    for (const line of taken.lines) if (line.role === 'metadata') held.push(line);
    await session.backup.capture({
      spool: taken.spool,
      startedAt: new Date('2026-11-20T02:00:00Z'),
      notes: notebookInMemory(),
      job: UNWATCHED_JOB,
      store: async (artifact, open) => {
        names.push(artifact.path);
        const early = held.find(({ path }) => path === `data/${artifact.path}`);
        if (early) return [early];
        const hash = createHash('sha256');
        let bytes = 0;
        for await (const chunk of (await open()).body) {
          hash.update(chunk);
          bytes += chunk.length;
        }
        const path = `data/${artifact.path}`;
        const { role, subject } = artifact;
        return [
          {
            path,
            bytes,
            sha256: hash.digest('hex'),
            codec: 'identity',
            encrypted: false,
            role,
            subject,
          },
        ];
      },
    });
    expect(names[0]).toBe('20261120T020000Z.bolt');
    expect(names[1]).toBe('20261120T020000Z.2.bolt');
  });
});

/** Unpacks the TSM files of a stored shard. */
async function tsmFiles(taken: Taken, line: ObjectLine): Promise<string[]> {
  const files: { path: string; chunks: Uint8Array[] }[] = [];
  const parser = new TarParser({
    file: () => void files.push({ path: join(taken.spool, `${files.length}.tsm`), chunks: [] }),
    data: (chunk) => void files.at(-1)?.chunks.push(Buffer.from(chunk)),
    fileEnd: () => undefined,
  });
  for await (const chunk of taken.reader.open([line], { decompress: true })) parser.update(chunk);
  for (const { path, chunks } of files) await writeFile(path, Buffer.concat(chunks));
  return files.map(({ path }) => path);
}
