import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callInflux,
  contentsOf,
  countPoints,
  createBucket,
  deletePoints,
  type InfluxAddress,
  writeLines,
} from '../../support/influx.ts';
import { readTar } from './bytes/tar.ts';

type Started = InfluxAddress & AsyncDisposable;

const T = 1_700_000_000;
const LINES = Array.from(
  { length: 300 },
  (_, i) =>
    `cpu,host=${i % 2 ? 'a' : 'b'} load=${i / 7},n=${i}i,on=${i % 3 === 0},text="t ${i}" ${T + i}`,
);

/**
 * What backup and restore really do, trap by trap. Run against the real server and the simulator alike, so that no test
 * of Holdfast relies on a trap that is not there.
 */
export function describeBehaviour(name: string, start: () => Promise<Started>): void {
  describe(`backup and restore of ${name}`, () => {
    let server: Started;
    let shard: number;
    beforeAll(async () => {
      server = await start();
      await createBucket(server, 'source');
      await writeLines(server, 'source', LINES);
      shard = (await shardsOf(server, 'source'))[0] ?? 0;
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test('an unchanged shard is sent byte for byte the same', async () => {
      const first = await download(server, shard);
      expect(sha256(await download(server, shard))).toBe(sha256(first));
      expect((await entries(first)).map(({ name: entry }) => entry)).toEqual([
        expect.stringMatching(/^[0-9a-f]{16}\/autogen\/\d+\/000000001-000000001\.tsm$/),
      ]);
    });

    test('a shard that holds nothing is 1024 zero bytes', async () => {
      const [empty = 0] = await copyOf(server, 'empty');
      expect((await download(server, empty)).equals(Buffer.alloc(1024))).toBe(true);
    });

    test('`since` filters by the time of the file: the future is empty, the past is all', async () => {
      await download(server, shard);
      const late = await download(server, shard, '?since=2100-01-01T00:00:00Z');
      const early = await download(server, shard, '?since=2001-01-01T00:00:00.5Z');
      expect(late.length).toBe(1024);
      expect(sha256(early)).toBe(sha256(await download(server, shard)));
    });

    test('gzip is given from 1400 bytes on, and only to who asks', async () => {
      const [empty = 0] = await copyOf(server, 'small');
      const ask = async (id: number, encoding: string, level = '') => {
        const headers = { 'accept-encoding': encoding, 'gzip-compression-level': level };
        const path = `/api/v2/backup/shards/${id}`;
        return (await callInflux(server, 'GET', path, undefined, headers)).headers.get(
          'content-encoding',
        );
      };
      expect(await ask(shard, 'gzip')).toBe('gzip');
      expect(await ask(shard, 'gzip', 'speedy')).toBe('gzip');
      expect(await ask(shard, 'gzip', 'none')).toBe(null);
      expect(await ask(shard, 'identity')).toBe(null);
      expect(await ask(empty, 'gzip')).toBe(null);
    });

    test('a restored shard holds the same files and answers alike', async () => {
      const tar = await download(server, shard);
      const [copy = 0] = await copyOf(server, 'good');
      expect(await upload(server, copy, tar)).toBe(200);
      expect(await upload(server, copy, tar)).toBe(200);
      const [before] = await entries(tar);
      const [after] = await entries(await download(server, copy));
      expect(after?.sha256).toBe(before?.sha256);
      expect(after?.name).not.toBe(before?.name);
      expect((await contentsOf(server, 'source')).points).toBe(1200);
      expect(await contentsOf(server, 'good')).toEqual(await contentsOf(server, 'source'));
    });

    test.each([
      ['a tar that ends in the middle of a file', (tar: Buffer) => tar.subarray(0, 1500)],
      ['bytes that are no tar', () => Buffer.alloc(3000, 'garbage ')],
      ['a tar of a file that is no TSM file', (tar: Buffer) => patched(tar, 512, 0xff)],
    ])('%s is answered 200 and leaves the shard empty', async (what, damage) => {
      const [copy = 0] = await copyOf(server, what);
      expect(await upload(server, copy, damage(await download(server, shard)))).toBe(200);
      expect(await countPoints(server, what)).toEqual({});
    });

    test('a tar without its trailer is taken as it is', async () => {
      const [copy = 0] = await copyOf(server, 'no trailer');
      const tar = await download(server, shard);
      expect(await upload(server, copy, tar.subarray(0, tar.length - 1024))).toBe(200);
      expect(await contentsOf(server, 'no trailer')).toEqual(await contentsOf(server, 'source'));
    });

    test('one flipped bit in a block is answered 200, and the contents are wrong', async () => {
      const [copy = 0] = await copyOf(server, 'flipped');
      expect(await upload(server, copy, patched(await download(server, shard), 700, 0x10))).toBe(
        200,
      );
      expect(await contentsOf(server, 'flipped')).not.toEqual(await contentsOf(server, 'source'));
    });

    test('gzip that is cut is answered 200 and leaves the shard empty', async () => {
      const [copy = 0] = await copyOf(server, 'cut gzip');
      const headers = { 'accept-encoding': 'identity', 'content-encoding': 'gzip' };
      const zipped = gzipSync(await download(server, shard));
      const body = zipped.subarray(0, zipped.length / 2);
      const path = `/api/v2/restore/shards/${copy}`;
      expect((await callInflux(server, 'POST', path, Uint8Array.from(body), headers)).status).toBe(
        200,
      );
      expect(await countPoints(server, 'cut gzip')).toEqual({});
    });

    test('points may be written into a restored shard, and become a file of their own', async () => {
      const [copy = 0] = await copyOf(server, 'written');
      await upload(server, copy, await download(server, shard));
      await writeLines(server, 'written', [`new load=1 ${T + 5}`]);
      const names = (await entries(await download(server, copy))).map(({ name: entry }) => entry);
      expect(names.map((entry) => entry.split('/').at(-1))).toEqual([
        '000000001-000000001.tsm',
        expect.stringMatching(/^00000000[23]-000000001\.tsm$/),
      ]);
    });

    test('the shard of a group marked as deleted is mapped but not created', async () => {
      const [copy = 0] = await copyOf(server, 'marked', { deletedAt: '2024-01-01T00:00:00Z' });
      expect(copy).toBeGreaterThan(0);
      expect(await upload(server, copy, await download(server, shard))).toBe(500);
    });

    test('deleted points are told by a tombstone, and come back with a restore', async () => {
      await createBucket(server, 'cleaned');
      await writeLines(server, 'cleaned', LINES);
      const [cleaned = 0] = await shardsOf(server, 'cleaned');
      await download(server, cleaned);
      await deletePoints(server, 'cleaned', 'host="a"');
      const tar = await download(server, cleaned);
      expect((await entries(tar)).map(({ name: entry }) => entry.split('.').at(-1))).toEqual([
        'tombstone',
        'tsm',
      ]);
      const [copy = 0] = await copyOf(server, 'returned');
      expect(await upload(server, copy, tar)).toBe(200);
      expect((await countPoints(server, 'cleaned'))['cpu n']).toBe(150);
      expect((await countPoints(server, 'returned'))['cpu n']).toBe(300);
    });
  });

  describe(`a full restore of ${name}`, () => {
    test('replaces tokens and buckets, keeps ids, and begins with empty shards', async () => {
      await using source = await start();
      await using target = await start();
      await createBucket(source, 'only here');
      await writeLines(source, 'only here', LINES);
      const [shard = 0] = await shardsOf(source, 'only here');
      const tar = await download(source, shard);
      const { kv, sql } = await metadataOf(source);
      const other = { ...target, token: 'of-the-target' };
      await createBucket(target, 'lost');

      const garbage = await callInflux(target, 'POST', '/api/v2/restore/kv', 'garbage');
      expect(garbage.status).toBe(500);
      expect(await shardsOf(target, 'lost')).toEqual([]);

      const answer = await callInflux(target, 'POST', '/api/v2/restore/kv', Uint8Array.from(kv));
      expect([answer.status, answer.json()]).toEqual([200, { token: '' }]);
      expect((await callInflux(other, 'GET', '/api/v2/buckets')).status).toBe(401);
      const restored = { ...target, token: source.token };
      const second = await callInflux(
        restored,
        'POST',
        '/api/v2/restore/sql',
        Uint8Array.from(sql),
      );
      expect([second.status, second.text]).toEqual([200, '']);
      expect(await countPoints(restored, 'only here')).toEqual({});
      expect(await upload(restored, shard, tar)).toBe(200);
      expect(await contentsOf(restored, 'only here')).toEqual(
        await contentsOf(source, 'only here'),
      );
    });
  });
}

interface Listed {
  organizationID: string;
  bucketID: string;
  bucketName: string;
  retentionPolicies: { shardGroups: { shards: { id: number }[] }[] }[];
}

async function metadataOf(server: InfluxAddress) {
  const response = await fetch(`${server.url}/api/v2/backup/metadata`, {
    headers: { authorization: `Token ${server.token}`, 'accept-encoding': 'identity' },
  });
  const boundary = /boundary=(\w+)/.exec(response.headers.get('content-type') ?? '')?.[1] ?? '';
  const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
  const parts = text.split(`--${boundary}`).slice(1, 4);
  const [kv = '', sql = '', buckets = ''] = parts.map((part) =>
    part.slice(part.indexOf('\r\n\r\n') + 4, -2),
  );
  return {
    kv: Buffer.from(kv, 'latin1'),
    sql: Buffer.from(sql, 'latin1'),
    buckets: JSON.parse(Buffer.from(buckets, 'latin1').toString()) as Listed[],
  };
}

async function shardsOf(server: InfluxAddress, bucket: string): Promise<number[]> {
  const { buckets } = await metadataOf(server);
  const found = buckets.find(({ bucketName }) => bucketName === bucket);
  return (found?.retentionPolicies ?? []).flatMap(({ shardGroups }) =>
    shardGroups.flatMap(({ shards }) => shards.map(({ id }) => id)),
  );
}

/** Creates a bucket from the metadata of `source` and returns the ids of its empty shards. */
async function copyOf(server: InfluxAddress, name: string, group: object = {}): Promise<number[]> {
  const { buckets } = await metadataOf(server);
  const source = buckets.find(({ bucketName }) => bucketName === 'source');
  const body = {
    ...source,
    bucketName: name,
    retentionPolicies: source?.retentionPolicies.map((policy) => ({
      ...policy,
      shardGroups: policy.shardGroups.map((one) => ({ ...one, ...group })),
    })),
  };
  const answer = await callInflux(server, 'POST', '/api/v2/restore/bucketMetadata', body);
  expect(answer.status).toBe(201);
  return (answer.json() as { shardMappings: { newId: number }[] }).shardMappings.map(
    ({ newId }) => newId,
  );
}

async function download(server: InfluxAddress, shard: number, query = ''): Promise<Buffer> {
  const response = await fetch(`${server.url}/api/v2/backup/shards/${shard}${query}`, {
    headers: { authorization: `Token ${server.token}`, 'accept-encoding': 'identity' },
  });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

async function upload(server: InfluxAddress, shard: number, tar: Buffer): Promise<number> {
  const path = `/api/v2/restore/shards/${shard}`;
  return (await callInflux(server, 'POST', path, Uint8Array.from(tar))).status;
}

async function entries(tar: Buffer): Promise<{ name: string; sha256: string }[]> {
  const found: { name: string; sha256: string }[] = [];
  const source = (async function* () {
    yield Promise.resolve(tar);
  })();
  await readTar(source, {
    async entry(name, _size, body) {
      const hash = createHash('sha256');
      for await (const chunk of body) hash.update(chunk);
      found.push({ name, sha256: hash.digest('hex') });
    },
  });
  return found;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function patched(bytes: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}
