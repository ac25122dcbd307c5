import { describe, expect, it } from 'vitest';
import type { ObjectLine } from '../../activities/catalog/manifest.ts';
import { parseBuckets } from '../../activities/products/influxdb-v2/buckets.ts';
import { packBuckets } from '../../activities/products/influxdb-v2/captured.ts';
import { readManifest } from '../../activities/products/influxdb-v2/official-manifest.ts';
import { conclude } from '../../activities/products/influxdb-v2/conclude.ts';

const SHA = '0'.repeat(64);
const BASE = '20261120T020000Z';

function line(path: string, extra: Partial<ObjectLine> = {}): ObjectLine {
  return {
    path: `data/${path}`,
    bytes: 1000,
    sha256: SHA,
    codec: 'identity',
    encrypted: false,
    role: 'shard',
    subject: 'acme/telemetry/shard 1',
    ...extra,
  };
}

const METADATA = [
  line(`${BASE}.bolt`, { role: 'metadata', subject: 'metadata (kv)' }),
  line(`${BASE}.sqlite`, { role: 'metadata', subject: 'metadata (sql)' }),
];

function group(id: number, shards: number[], extra: object = {}): object {
  return {
    id,
    startTime: '2023-11-14T22:00:00Z',
    endTime: '2023-11-14T23:00:00Z',
    ...extra,
    shards: shards.map((shard) => ({ id: shard, shardOwners: [] })),
  };
}

function server(shardGroups: object[]): string {
  const policy = { name: 'autogen', replicaN: 1, duration: 0, shardGroupDuration: 1, shardGroups };
  return JSON.stringify([
    {
      organizationID: '01',
      organizationName: 'acme',
      bucketID: '02',
      bucketName: 'telemetry',
      defaultRetentionPolicy: 'autogen',
      retentionPolicies: [{ ...policy, subscriptions: [] }],
    },
  ]);
}

async function concluded(
  groups: object[],
  lines: ObjectLine[],
  gone: string[] = [],
  askedAt?: string,
) {
  const detail = {
    version: 1,
    base: BASE,
    buckets: packBuckets(server(groups)),
    sql: true,
    askedAt,
    plaintextTokens: false,
  };
  const objects = (async function* () {
    yield* [...METADATA, ...lines];
  })();
  const taken = { startedAt: new Date(), detail, objects, gone };
  const { files, ...rest } = await conclude(taken, {
    buckets: () => Promise.resolve(parseBuckets(server(groups), 'the server')),
    startedAt: () => Promise.resolve(Date.parse('2023-11-14T22:30:00Z')),
    identity: () => Promise.resolve('03'),
  });
  const { buckets } = readManifest(String(files[0]?.bytes), 'the manifest');
  return { ...rest, groups: buckets[0]?.retentionPolicies[0]?.shardGroups ?? [] };
}

describe('the official manifest', () => {
  it.each<[string, ObjectLine[], object]>([
    [
      'an attempt',
      [line(`${BASE}.1~2.tar.gz`, { codec: 'gzip' })],
      { fileName: `${BASE}.1~2.tar.gz`, size: 1000, compression: 1 },
    ],
    [
      'an earlier backup',
      [line(`${BASE}.1.tar`, { from: `../2026-11-19t02-00-00z-aaaaaa/data/${BASE}.1.tar` })],
      {
        fileName: `../../2026-11-19t02-00-00z-aaaaaa/data/${BASE}.1.tar`,
        size: 1000,
        compression: 0,
      },
    ],
    [
      'parts, as they are after cat',
      [1, 0].map((index) =>
        line(`${BASE}.1.tar.00${index}`, { part: { of: `${BASE}.1.tar`, index, count: 2 } }),
      ),
      { fileName: `${BASE}.1.tar`, size: 2000, compression: 0 },
    ],
    [
      'encrypted bytes, as they are after age',
      [line(`${BASE}.1.tar.age`, { encrypted: true, plain: { bytes: 900, sha256: SHA } })],
      { fileName: `${BASE}.1.tar`, size: 900, compression: 0 },
    ],
  ])('names the files of %s', async (_, lines, file) => {
    const { groups } = await concluded([group(1, [1])], lines);
    expect(groups[0]?.shards).toEqual([{ id: 1, shardOwners: [], ...file }]);
  });

  it('leaves out what would make writes fail after a restore', async () => {
    const { groups, warnings } = await concluded(
      [
        group(1, [1]),
        group(2, [2]),
        group(3, []),
        group(4, [4], { deletedAt: '2024-01-01T00:00:00Z' }),
      ],
      [line(`${BASE}.1.tar`)],
      ['acme/telemetry/shard 2'],
    );
    expect(groups.map(({ id }) => id)).toEqual([1]);
    expect(warnings).toContainEqual(expect.objectContaining({ code: 'SHARD_GONE' }));
  });

  it('leaves out shards that the server only named beforehand, and says nothing of them', async () => {
    const ahead = { startTime: '2023-11-14T23:00:00Z', endTime: '2023-11-15T00:00:00Z' };
    const forecast = { startTime: '2033-11-14T23:00:00Z', endTime: '2033-11-15T00:00:00Z' };
    const { groups, warnings } = await concluded(
      [group(1, [1]), group(2, [2]), group(3, [3], ahead), group(4, [4], forecast)],
      [line(`${BASE}.1.tar`)],
      [2, 3, 4].map((shard) => `acme/telemetry/shard ${shard}`),
      '2023-11-14T22:40:00Z',
    );
    expect(groups.map(({ id }) => id)).toEqual([1]);
    const message = expect.stringContaining(
      'named acme/telemetry/shard 4, acme/telemetry/shard 2 and did not have them',
    ) as string;
    expect(warnings.filter(({ code }) => code === 'SHARD_GONE')).toMatchObject([{ message }]);
  });

  it('sums warnings up when there are very many', async () => {
    const ids = Array.from({ length: 1000 }, (_, index) => index + 1);
    const { warnings, detail } = await concluded(
      [group(1, ids)],
      ids.map((id) =>
        line(`${BASE}.${id}.tar`, { entries: [{ name: 'x/1.tombstone', bytes: 1, sha256: SHA }] }),
      ),
    );
    const tombstones = warnings.filter(({ code }) => code === 'TOMBSTONES_PRESENT');
    expect(tombstones).toHaveLength(21);
    expect(tombstones.at(-1)?.message).toMatch(/^980 further shards/);
    expect(detail).toMatchObject({ shards: 1000, shardsWithTombstones: 1000 });
    expect(JSON.stringify({ warnings, detail }).length).toBeLessThan(16 * 1024);
  });

  it('is not written when the metadata is missing', async () => {
    const objects = (async function* () {
      yield line(`${BASE}.1.tar`);
    })();
    const detail = {
      version: 1,
      base: BASE,
      buckets: packBuckets('[]'),
      sql: true,
      plaintextTokens: true,
    };
    await expect(
      conclude({ startedAt: new Date(), detail, objects, gone: [] }),
    ).rejects.toMatchObject({ code: 'BACKUP_INCOMPLETE' });
  });
});
