import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startS3Simulator, type S3Simulator } from '../simulators/s3/server.ts';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld } from './delegated-world.ts';
import { startWorld, type World } from './world.ts';

const SHARDS = 24;
const SHARD = /\/(backup|restore)\/shards\//;
/** Of an object that is part of a backup. */
const READ = /^GET .*\/data\//;
/** Those under way at a time overlap. */
const OVERLAP_MS = 20;

interface Counting {
  server: Server;
  url: string;
  /** Since it was asked last. */
  most: () => number;
}

/** Stands before a server and counts how many such requests are under way at most. */
async function startCounting(target: string, counted: RegExp): Promise<Counting> {
  let [now, most] = [0, 0];
  const server = createServer((asked, answer) => {
    const counts = counted.test(`${asked.method} ${asked.url}`);
    if (counts) most = Math.max(most, (now += 1));
    answer.once('close', () => (now -= counts ? 1 : 0));
    const { method, headers, url } = asked;
    const passed = request(new URL(url ?? '/', target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.rawHeaders);
      response.pipe(answer);
    });
    setTimeout(() => asked.pipe(passed), counts ? OVERLAP_MS : 0);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const told = () => {
    const before = most;
    most = now;
    return before;
  };
  return { server, url, most: told };
}

interface CountedStore extends AsyncDisposable {
  simulator: S3Simulator;
  reads: Counting;
  /** As a configuration has it. */
  store: object;
}

async function startCountedStore(): Promise<CountedStore> {
  const simulator = await startS3Simulator();
  const reads = await startCounting(simulator.url, READ);
  process.env['TEST_LIMITS_KEY'] = 'a-key-of-the-tests';
  const key = { env: 'TEST_LIMITS_KEY' };
  const store = {
    type: 's3',
    bucket: simulator.bucketName,
    endpoint: reads.url,
    region: 'us-east-1',
    credentials: { accessKeyId: key, secretAccessKey: key },
  };
  return {
    simulator,
    reads,
    store,
    async [Symbol.asyncDispose]() {
      reads.server.close();
      await simulator.close();
    },
  };
}

/** How many streams the pages had together at most, while none of them had ended. */
async function streamsOf(handle: WorkflowHandle, activity: string): Promise<number> {
  const { events = [] } = await handle.fetchHistory();
  const open = new Map<string, number>();
  let most = 0;
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled?.activityType?.name === activity) {
      const [input] = scheduled.input?.payloads ?? [];
      const { streams } = JSON.parse(Buffer.from(input?.data ?? []).toString()) as {
        streams?: number;
      };
      open.set(String(event.eventId), streams ?? NaN);
    }
    open.delete(String(event.activityTaskCompletedEventAttributes?.scheduledEventId));
    most = Math.max(
      most,
      [...open.values()].reduce((sum, share) => sum + share, 0),
    );
  }
  return most;
}

describe('`limits.concurrency`', () => {
  let world: World;
  let source: Counting;
  let spare: Counting;
  let counted: CountedStore;

  beforeAll(async () => {
    world = await startWorld({ shards: SHARDS });
    source = await startCounting(world.source.url, SHARD);
    spare = await startCounting(world.spare.url, SHARD);
    counted = await startCountedStore();
    world.config.stores['disk'] = counted.store;
    for (const [name, { url }] of Object.entries({ metrics: source, spare })) {
      const target = world.config.targets[name]!;
      target['connection'] = { ...(target['connection'] as object), url };
    }
  });
  afterAll(async () => {
    source?.server.close();
    spare?.server.close();
    await world?.stop();
    await counted?.[Symbol.asyncDispose]();
  });

  test.each([1, 3, 4])('bounds the streams of a run: %d', async (concurrency) => {
    for (const target of Object.values(world.config.targets)) target['limits'] = { concurrency };
    await world.holdfast.configure(world.config);
    const backup = await world.holdfast.start('backup', { target: 'metrics' });
    await backup.result();
    expectWithin(source.most(), concurrency);
    expect(await streamsOf(backup, 'transferPage')).toBe(concurrency);
    const some = { select: { buckets: ['telemetry'] }, rename: { telemetry: `by-${concurrency}` } };
    const input = { target: 'metrics', into: 'spare', ...some };
    const restore = await world.holdfast.start('restore', input);
    await restore.result();
    expectWithin(spare.most(), concurrency);
    expect(await streamsOf(restore, 'restorePage')).toBe(concurrency);
    counted.reads.most();
    const verify = await world.holdfast.start('verify', { target: 'metrics', depth: 'deep' });
    await verify.result();
    expectWithin(counted.reads.most(), concurrency);
    expect(await streamsOf(verify, 'verifyPage')).toBe(concurrency);
  });
});

function expectWithin(most: number, concurrency: number): void {
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(concurrency);
}

test('`limits.concurrency` bounds what is put back for a database', async () => {
  await using counted = await startCountedStore();
  const world = await startDelegatedWorld();
  try {
    world.config.stores['disk'] = counted.store;
    world.config.targets['spare']!['limits'] = { concurrency: 1 };
    await world.holdfast.configure(world.config);
    const { backup } = await world.holdfast.run('backup', { target: 'articles' });
    await world.copied(backup);
    counted.reads.most();
    await world.holdfast.run('restore', { target: 'articles', backup, into: 'spare' });
    expect(counted.reads.most()).toBe(1);
  } finally {
    await world.stop();
  }
});

test('`limits.bytesPerSecond` bounds what is put back for a database', async () => {
  const world = await startDelegatedWorld();
  try {
    const { backup } = await world.holdfast.run('backup', { target: 'articles' });
    await world.copied(backup);
    const written = (await filesBelow(world.storage)).filter((file) => file.includes(backup));
    const sizes = await Promise.all(
      written.map(async (file) => (await stat(join(world.storage, file))).size),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const rate = Math.ceil(bytes / 4);
    world.config.targets['spare']!['limits'] = { bytesPerSecond: `${rate}B` };
    await world.holdfast.configure(world.config);
    const { durationMs } = await world.holdfast.run('restore', {
      target: 'articles',
      backup,
      into: 'spare',
    });
    // However slow the machine is, it takes at least this long.
    expect(durationMs / 1000).toBeGreaterThan(bytes / rate - 1);
  } finally {
    await world.stop();
  }
});
