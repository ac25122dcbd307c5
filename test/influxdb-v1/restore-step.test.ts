import { basename } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measurementAndField } from '../../activities/pipeline/tsm/series-key.ts';
import { readTsm } from '../../activities/pipeline/tsm/tsm-index.ts';
import { tsmInMemory } from '../../activities/pipeline/tsm/tsm-source.ts';
import { raised } from '../../activities/products/influxdb-v1/raise-generation.ts';
import type { ProductSession, RestoreStep } from '../../activities/products/product.ts';
import { tarArchive, tarHeader } from '../pipeline/tar-archive.ts';
import { tsmFile } from '../pipeline/tsm-file.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { backupInMemory } from './backup-in-memory.ts';
import { manifest, shardTar, unpack } from './portable-backup.ts';
import { startSmallServer, type SmallServer } from './small-server.ts';

const DATABASE = 'telemetry';
const POLICY = 'raw';

let server: SmallServer;
let session: ProductSession;
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('restore-step');
  server = await startSmallServer();
  session = server.connect();
});
afterEach(async () => {
  await session.close();
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

async function stepOf(shard: number): Promise<RestoreStep> {
  const name = manifest.files.find(({ shardID }) => shardID === shard)?.fileName;
  const lines = [];
  for await (const line of backupInMemory().objects()) {
    if (line.path === `data/${name}`) lines.push(line);
  }
  return {
    subject: `${DATABASE}/${POLICY}/shard ${shard}`,
    key: { database: DATABASE, policy: POLICY, shard, start: '0', end: '1' },
    lines,
  };
}

const state = (run?: string) => ({ version: 1, shards: { 1: 11, 2: 12 }, ...(run && { run }) });

describe('an upload that the server closes', () => {
  /** Goes on until nobody listens any more. */
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    yield tarHeader({ name: 'telemetry/raw/1/000000001-000000001.tsm', size: 2 ** 32 });
    for (let sent = 0; sent < 2 ** 32; sent += 65_536) {
      yield Buffer.alloc(65_536);
      await turn();
    }
  };
  const applied = async (run?: string) =>
    session.restore.apply(await stepOf(1), state(run), endless).then(
      () => 'done',
      ({ code }: { code?: string }) => code,
    );

  it.each<[string, string[] | undefined]>([
    ['is not there any more', undefined],
    ['was made anew by somebody', [POLICY]],
    ['lost its retention policy', ['restoring-run1']],
  ])('is not tried again when its database %s', async (_, policies) => {
    if (policies) server.databases.set(DATABASE, policies);
    expect(await applied('run1')).toBe('DESTINATION_CHANGED');
  });

  it('is tried again when its database bears the mark of the run', async () => {
    server.databases.set(DATABASE, [POLICY, 'restoring-run1']);
    expect(await applied('run1')).toBe('TARGET_ERROR');
  });

  it('is judged without the mark where an older version prepared the restore', async () => {
    expect(await applied()).toBe('DESTINATION_CHANGED');
    server.databases.set(DATABASE, [POLICY]);
    expect(await applied()).toBe('TARGET_ERROR');
  });
});

describe('the proof of a shard', () => {
  it.each([
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
  ])('of the series in both files fails for shard %i without file %i', async (shard, lost) => {
    const files = [...unpack(shardTar(shard))].map(([name, body]) => ({
      name: raised(basename(name)),
      body,
    }));
    expect(files).toHaveLength(2);
    server.tar = tarArchive(files.filter((_, at) => at !== lost));
    // Its queries find whatever came back.
    for (const [name, body] of unpack(shardTar(shard))) {
      if (!name.endsWith('.tsm')) continue;
      for await (const { key } of readTsm(tsmInMemory(body))) {
        server.counts[measurementAndField(key).field] = 1000;
      }
    }
    const step = await stepOf(shard);
    const original = () => backupInMemory().open(step.lines, { decompress: true });
    expect(await session.restore.prove(step, state('run1'), original, folder.path)).toEqual({
      result: 'different',
      reason: '1 of 2 files came back',
    });
  });

  it.each([
    ['holds all points', [0, 5, 10, 20], { result: 'equivalent' }],
    [
      'lacks what lay in one file alone',
      [0, 10, 20],
      {
        result: 'different',
        reason:
          '1 of 4 points of series that overlap or grew are missing (3 points came back, the backup holds 5); 1 of 2 files came back',
      },
    ],
  ] as const)('that was compacted knows whether it %s', async (_, came, proof) => {
    const file = (name: string, times: readonly number[]) => ({
      name: `telemetry/raw/1/${name}.tsm`,
      body: tsmFile({ 'm,host=a#!~#v': { blocks: [[...times]] } }),
    });
    const files = [file('000000001-000000001', [0, 10, 20]), file('000000002-000000001', [5, 10])];
    server.tar = tarArchive([file('000000002-000000002', came)]);
    server.counts = { v: came.length };
    const step = await stepOf(1);
    const lines = step.lines.map(({ entries: _entries, ...line }) => line);
    const original = async function* () {
      yield tarArchive(files);
    };
    expect(
      await session.restore.prove({ ...step, lines }, state('run1'), original, folder.path),
    ).toEqual(proof);
  });
});

describe('a database that is kept', () => {
  const planned = async () => {
    const plan = await session.restore.plan({
      backup: backupInMemory(),
      restore: { target: 'metrics' },
      destination: 'old',
      run: 'run1',
    });
    for (const name of NAMES) server.databases.set(name, ['restoring-run1']);
    return plan;
  };
  const refuses = (start: string) => {
    server.refusal = (statement) => (statement.startsWith(start) ? 'timeout' : undefined);
  };
  const NAMES = ['telemetry', 'events of plant 7'];
  const kept = {
    removed: [],
    quarantined: [
      'telemetry (it bears the retention policy unproven-run1; it was restored to keep its data for ever; in the backup they are kept: monthly 3640d)',
      'events of plant 7 (it bears the retention policy unproven-run1)',
    ],
  };

  it('unproven is told with the retention that it has in the backup', async () => {
    expect(await session.restore.undo(await planned(), true)).toEqual(kept);
  });

  it('unproven by an attempt that failed at the next one is told by the attempt after it', async () => {
    const plan = await planned();
    refuses('CREATE RETENTION POLICY "unproven-run1" ON "events');
    await expect(session.restore.undo(plan, true)).rejects.toMatchObject({ code: 'TARGET_BUSY' });
    expect([...server.databases.values()]).toEqual([['unproven-run1'], ['restoring-run1']]);
    server.refusal = () => undefined;
    expect(await session.restore.undo(plan, true)).toEqual(kept);
    expect(await session.restore.undo(plan, false)).toEqual(kept);
  });

  it('as restored is named by the failure of the next one, also in a later attempt', async () => {
    const plan = await planned();
    server.databases.set('empty', ['restoring-run1']);
    refuses('DROP RETENTION POLICY "restoring-run1" ON "events');
    for (const attempt of [1, 2]) {
      const failure = { message: expect.stringMatching(/ Already restored.*: telemetry\.$/) };
      await expect(session.restore.finish(plan, {}), `${attempt}`).rejects.toMatchObject(failure);
    }
    server.databases.delete('events of plant 7');
    server.refusal = () => undefined;
    await expect(session.restore.finish(plan, {})).rejects.toMatchObject({
      code: 'DESTINATION_CHANGED',
      message: expect.stringMatching(/ not there any more\. Already restored.*: telemetry\.$/),
    });
  });
});
