import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { Manifest } from '../../activities/catalog/manifest.ts';
import { HoldfastError } from '../../activities/failure.ts';
import type { Bucket } from '../../activities/products/influxdb-v2/buckets.ts';
import { InfluxClient } from '../../activities/products/influxdb-v2/client.ts';
import { judgeGone } from '../../activities/products/influxdb-v2/gone-shards.ts';
import { lostShards } from '../../activities/products/influxdb-v2/lost-shards.ts';
import type { Resources } from '../../activities/products/influxdb-v2/resources.ts';
import { startedAt } from '../../activities/products/influxdb-v2/server-now.ts';
import { settingsOf } from '../../activities/products/influxdb-v2/settings.ts';
import type { FailureCode } from '../../workflows/contract/failures.ts';

const fails = (code: FailureCode) => () =>
  Promise.reject(new HoldfastError(code, 'InfluxDB said so.'));

const bucket = (bucketName: string): Bucket =>
  ({
    organizationName: 'acme',
    bucketName,
    bucketID: '0a',
    retentionPolicies: [
      {
        name: 'autogen',
        shardGroups: [
          {
            startTime: '2026-11-01T00:00:00Z',
            endTime: '2026-11-02T00:00:00Z',
            shards: [{ id: 7 }],
          },
        ],
      },
    ],
  }) as unknown as Bucket;

function judge(code: FailureCode) {
  const asked = fails(code);
  return judgeGone({
    gone: ['acme/telemetry/shard 7'],
    buckets: [bucket('telemetry')],
    askedAt: undefined,
    select: undefined,
    server: { buckets: asked, startedAt: asked, identity: asked },
  });
}

test.each(['TARGET_REFUSED', 'TARGET_ERROR', 'AUTH_REJECTED'] as const)(
  'a server that answers further questions with %s leaves the reason of a missing shard open',
  async (code) => {
    expect(await judge(code)).toMatchObject({ unsure: ['acme/telemetry/shard 7'], removed: [] });
  },
);

test('a server that is away for a moment is asked again', async () => {
  await expect(judge('TARGET_UNREACHABLE')).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
});

test('a proxy that sends who asks for its start elsewhere may have been started a moment ago', async () => {
  const proxy = createServer((_, response) => {
    response.writeHead(302, { location: '/login' }).end();
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const { signal } = new AbortController();
  const client = new InfluxClient({
    url: `http://127.0.0.1:${port}`,
    connections: 1,
    stallMs: 10_000,
    signal,
  });
  const before = Date.now();
  expect(await startedAt(client)).toBeGreaterThanOrEqual(before);
  await client.close();
  proxy.close();
});

test('what a server fails to list for a moment is asked again, and what it refuses may be there', async () => {
  const resources = (code: FailureCode) => ({ look: fails(code) }) as unknown as Resources;
  await expect(settingsOf(resources('TARGET_ERROR'), [])).rejects.toMatchObject({
    code: 'TARGET_ERROR',
  });
  expect(await settingsOf(resources('TARGET_REFUSED'), [])).not.toEqual([]);
});

test('a plan for buckets that lack no named shard says how many are not named', () => {
  const shards = Array.from({ length: 20 }, (_, at) => `acme/one/shard ${at}`);
  const manifest = {
    id: 'b1',
    detail: { unreadable: { count: 25, shards } },
  } as unknown as Manifest;
  const told = (name: string) => lostShards(manifest, [bucket(name)]).map(({ message }) => message);
  expect(told('one').join()).toMatch(/ and 5 more\. Their points do not come back/);
  expect(told('two').join()).toMatch(/are of other buckets; 5 are not named/);
});
