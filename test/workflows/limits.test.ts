import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld } from './delegated-world.ts';
import { startWorld, type World } from './world.ts';

const SHARDS = 24;
const SHARD = /\/backup\/shards\//;

/** Stands before a server and counts how many shards are under way at most. */
async function startCounting(target: string): Promise<{ server: Server; most: () => number }> {
  let [now, most] = [0, 0];
  const server = createServer((asked, answer) => {
    const counts = SHARD.test(asked.url ?? '');
    if (counts) most = Math.max(most, (now += 1));
    answer.once('close', () => (now -= counts ? 1 : 0));
    const { method, headers, url } = asked;
    const passed = request(new URL(url ?? '/', target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.rawHeaders);
      response.pipe(answer);
    });
    asked.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, most: () => most };
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
  let counting: Awaited<ReturnType<typeof startCounting>>;

  beforeAll(async () => {
    world = await startWorld({ shards: SHARDS });
    counting = await startCounting(world.source.url);
    const { connection } = world.config.targets['metrics']!;
    const url = `http://127.0.0.1:${(counting.server.address() as AddressInfo).port}`;
    world.config.targets['metrics']!['connection'] = { ...(connection as object), url };
    // Those under way at a time overlap.
    world.source.switches.firstByteMs = 20;
  });
  afterAll(async () => {
    counting?.server.close();
    await world?.stop();
  });

  test.each([1, 3, 4])('bounds the streams of a run: %d', async (concurrency) => {
    for (const target of Object.values(world.config.targets)) target['limits'] = { concurrency };
    await world.holdfast.configure(world.config);
    const backup = await world.holdfast.start('backup', { target: 'metrics' });
    await backup.result();
    expect(counting.most()).toBeLessThanOrEqual(concurrency);
    expect(await streamsOf(backup, 'transferPage')).toBe(concurrency);
    const some = { select: { buckets: ['telemetry'] }, rename: { telemetry: `by-${concurrency}` } };
    const input = { target: 'metrics', into: 'spare', ...some };
    const restore = await world.holdfast.start('restore', input);
    await restore.result();
    expect(await streamsOf(restore, 'restorePage')).toBe(concurrency);
    const verify = await world.holdfast.start('verify', { target: 'metrics', depth: 'deep' });
    await verify.result();
    expect(await streamsOf(verify, 'verifyPage')).toBe(concurrency);
  });
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
