import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { HoldfastError } from '../../activities/failure.ts';
import { judgeLost } from '../../activities/products/aiven-influxdb/lost-shards.ts';
import { tellLost } from '../../activities/products/aiven-influxdb/tell-lost.ts';
import type { Conclusion, ProductSession } from '../../activities/products/product.ts';
import { startAivenSimulator, type AivenSimulator } from '../simulators/aiven-influxdb/index.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { damagedService } from './damaged-service.ts';
import { each, IDENTITY, known, takeMeasured, type Before } from './measured.ts';
import { connectTo } from './take-backup.ts';

describe('a backup of a service that has lost something', () => {
  let aiven: AivenSimulator;
  let folder: TemporaryFolder;
  let session: ProductSession;
  let whole: ObjectLine[];
  beforeEach(async () => {
    folder = await temporaryFolder('aiven');
    aiven = await startAivenSimulator({ switches: { pendingPolls: 0 } });
    session = connectTo(aiven);
    whole = (await take()).lines;
  });
  afterEach(async () => {
    await session.close();
    await aiven.stop();
    await folder.remove();
  });

  let taken = 0;
  async function take(before?: Before) {
    taken += 1;
    const store = join(folder.path, String(taken));
    await mkdir(store);
    const { lines, capture, conclusion } = await takeMeasured(session, store, before);
    expect(capture.warnings).toEqual([]);
    return { lines, conclusion };
  }
  const loses = async (shards: Parameters<typeof damagedService>[1]) => {
    aiven.state.content = await damagedService(join(folder.path, 'damaged.tar'), shards);
  };
  const about = ({ warnings }: Conclusion) =>
    warnings.filter(({ code }) => code.startsWith('SHARD_'));

  it.each([
    ['a shard that InfluxDB could not open', { 2: undefined }, 'is not in this backup'],
    ['all files of a shard', { 2: /^$/ }, 'without files that backup last holds'],
    ['one of the files of a shard', { 2: /2-000000001\.tsm$/ }, 'without files that backup last'],
  ])('is suspect without %s, and each later one', async (_, shards, words) => {
    await loses(shards);
    for (const night of [1, 2]) {
      const { conclusion } = await take(known(() => each(...whole)));
      expect(conclusion.lacking, `night ${night}`).toBe(true);
      expect(about(conclusion)).toEqual([
        {
          code: 'SHARD_UNREADABLE',
          subject: 'telemetry/raw/shard 2',
          message: expect.stringContaining(words),
        },
      ]);
      for (const key of ['named', 'asked']) expect(conclusion.detail).not.toHaveProperty(key);
    }
  });

  it('is not suspect when the last one holds no more, or there is none, and tells it once', async () => {
    await loses({ 2: undefined, 3: /^$/ });
    const first = await take();
    const lines = () => each(...first.lines);
    const unsure = {
      code: 'SHARD_GONE',
      message: expect.stringMatching(/ name telemetry\/raw\/shard 2, .* nothing tells why/),
    };
    // One of an older version does not say which shards it named.
    for (const { conclusion } of [first, await take(known(lines))]) {
      expect(conclusion).toMatchObject({ lacking: false, detail: { lastShard: 9 } });
      expect(about(conclusion)).toEqual([unsure]);
    }
    const { detail } = first.conclusion;
    const second = (await take(known(lines, IDENTITY, detail))).conclusion;
    expect(second).toMatchObject({ lacking: false, detail: { unwrittenShards: 1 } });
    expect(about(second)).toEqual([]);
  });

  it('is not measured against one of another service, nor against one whose list is damaged', async () => {
    await loses({ 2: undefined });
    const damaged = async function* (): AsyncGenerator<ObjectLine> {
      yield* whole;
      throw new HoldfastError('BACKUP_DAMAGED', 'The list of its objects is cut.');
    };
    for (const before of [known(() => each(...whole), 'acme-prod/other'), known(damaged)]) {
      const { conclusion } = await take(before);
      expect(conclusion.lacking).toBe(false);
      expect(about(conclusion).map(({ code }) => code)).toEqual(['SHARD_GONE']);
    }
  });
});

describe('a shard of the backup before', () => {
  const NOW = Date.parse('2026-11-20T02:00:00Z');
  const HOUR = 3_600_000;
  const one = {
    shard: 7,
    place: 'db/rp',
    start: Date.parse('2026-11-18T00:00:00Z'),
    end: Date.parse('2026-11-18T01:00:00Z'),
    expires: null,
  };
  const files = (...names: string[]) => names.map((name) => `db/rp/7/00000000${name}.tsm`);
  const lines = (names: string[]) => {
    const entries = names.map((name) => ({ name, bytes: 1, sha256: '0'.repeat(64) }));
    const line = { path: '', bytes: 1, sha256: '', codec: 'gzip', encrypted: false } as const;
    return each({ ...line, role: 'shard', subject: 'shard 7', entries });
  };
  const judge = (
    then: string[],
    now: string[] | undefined,
    changed: Partial<typeof one> | object,
    lastShard = 9,
    changedNow: { lastShard?: number | undefined; made?: { from: number; to: number } } = {},
  ) =>
    judgeLost({
      named: [{ ...one, ...changed }],
      lastShard: 9,
      made: { from: NOW, to: NOW },
      ...changedNow,
      came: new Map(now ? [[7, now]] : []),
      identity: IDENTITY,
      before: () => Promise.resolve(known(() => lines(then), IDENTITY, { lastShard })),
    });

  it.each([
    ['that its retention may have removed', { expires: NOW - 1 }, 'gone'],
    ['that its retention cannot have removed yet', { expires: NOW + 1 }, 'absent'],
    ['that held points of the future', { start: NOW + HOUR }, 'absent'],
    ['whose number was given again in another place', { place: 'db/other' }, 'unsure'],
  ] as const)('is judged by what the metadata say of it: one %s', async (_, changed, kind) => {
    const found = await judge(files('1-000000001'), undefined, changed);
    const rest = { absent: [], gone: [], unsure: [], unwritten: 0 };
    expect(found).toMatchObject({ ...rest, [kind]: [expect.stringMatching(/ 7$/)] });
  });

  it.each([
    ['whose number was given again for a later time', NOW, 8, 'unsure'],
    ['of a service that was set back', one.start, 8, 'absent'],
    ['of which an older version noted no numbers', NOW, undefined, 'unsure'],
  ] as const)('is told from another one: one %s', async (_, start, lastShard, kind) => {
    const found = await judge(files('1-000000001'), undefined, { start }, 9, { lastShard });
    expect(found).toMatchObject({ absent: [], unsure: [], [kind]: ['db/rp/shard 7'] });
  });

  it.each([
    ['was named in advance', { start: NOW + 1, end: NOW + 2 }, 9, 1],
    ['was named for a point of the future', { start: NOW + 2 * HOUR, end: NOW + 3 * HOUR }, 9, 0],
    ['was named and not held before, and whose time was over', {}, 9, 1],
    ['was not named before', {}, 6, 0],
    ['may have been written to since', { end: NOW }, 9, 0],
    ['stands in a plan of an older version', { end: undefined }, 9, 0],
  ])('to which nothing was written is missed by nobody: one that %s', async (...row) => {
    const [, changed, lastShard, unwritten] = row;
    const found = await judge([], undefined, changed, lastShard);
    expect(found).toMatchObject({ absent: [], gone: [], unwritten });
    expect(found.unsure).toHaveLength(1 - unwritten);
    expect((await judge([], [], {})).emptied).toEqual([]);
  });

  it('is missed by nobody when it was named in advance and has begun while the backup was made', async () => {
    const changed = { start: NOW, end: NOW + HOUR };
    const found = await judge([], undefined, changed, 6, {
      made: { from: NOW - 1, to: NOW + HOUR },
    });
    expect(found).toMatchObject({ unsure: [], unwritten: 1 });
  });

  it('tells nothing of one whose number may have been given again', async () => {
    const found = await judge([], undefined, {}, 9, { lastShard: 8 });
    expect(found).toMatchObject({ unsure: ['db/rp/shard 7'], unwritten: 0 });
  });

  it.each([
    ['has what it had', ['1-000000001'], ['1-000000001'], false],
    ['was written to', ['1-000000001'], ['1-000000001', '2-000000001'], false],
    ['was compacted', ['1-000000001', '2-000000001'], ['2-000000002'], false],
    [
      'was compacted again with later files',
      ['1-000000001', '2-000000002'],
      ['5-000000003'],
      false,
    ],
    [
      'was compacted in its first half',
      ['1-000000001', '2-000000001', '3-000000001'],
      ['2-000000002', '3-000000001'],
      false,
    ],
    ['became several files', ['1-000000001', '2-000000001'], ['2-000000002', '2-000000003'], false],
    ['lost its first file', ['1-000000001', '2-000000001'], ['2-000000001'], true],
    ['lost its last file', ['1-000000001', '2-000000001'], ['1-000000001'], true],
    ['lost everything', ['1-000000001'], [], true],
  ] as const)('that %s is told from its files', async (_, then, now, isLost) => {
    const { emptied } = await judge(files(...then), files(...now), {});
    expect(emptied).toEqual(isLost ? ['db/rp/shard 7'] : []);
  });
});

test('of many shards a few are told one by one', () => {
  const absent = Array.from({ length: 25 }, (_, at) => `db/rp/shard ${at}`);
  const told = tellLost({
    backup: 'last',
    absent,
    emptied: [],
    gone: [],
    unsure: [],
    unwritten: 0,
  });
  expect(told).toHaveLength(21);
  expect(told.at(-1)?.message).toMatch(/^5 further shards /);
});
