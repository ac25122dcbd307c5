import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeLines } from '../support/influx.ts';
import { startWorld, type World } from './world.ts';

/** Not of the one that is only announced, to a shard that cannot exist. */
const UPLOAD = /\/restore\/shards\/(\d{1,9})$/;

/** Stands before a server, counts uploads by shard, and answers the first one of the second shard with an error. */
async function startFailing(target: string, before: () => Promise<void>) {
  const uploads = new Map<string, number>();
  const server = createServer((asked, answer) => {
    const [, shard] = UPLOAD.exec(asked.url ?? '') ?? [];
    if (shard !== undefined) uploads.set(shard, (uploads.get(shard) ?? 0) + 1);
    if (shard !== undefined && uploads.size === 2 && uploads.get(shard) === 1) {
      asked.resume();
      void before().then(() => answer.writeHead(500).end('{"code":"internal error"}'));
      return;
    }
    const { method, headers, url } = asked;
    const passed = request(new URL(url ?? '/', target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 500, response.rawHeaders);
      response.pipe(answer);
    });
    asked.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, uploads };
}

let world: World;
let failing: { server: Server; uploads: Map<string, number> };
beforeAll(async () => {
  world = await startWorld({ shards: 4 });
  failing = await startFailing(world.spare.url, write);
  const target = world.config.targets['spare'] ?? {};
  const url = `http://127.0.0.1:${(failing.server.address() as AddressInfo).port}`;
  Object.assign(target, {
    connection: { ...(target['connection'] as object), url },
    limits: { concurrency: 1 },
  });
  await world.holdfast.configure(world.config);
});
afterAll(async () => {
  failing?.server.close();
  await world?.stop();
});

const shards = () =>
  (world.spare.state.metadata.buckets.find(({ name }) => name === 'telemetry')?.groups ?? []).map(
    ({ start, shards: [id] }) => ({ start, shard: world.spare.state.shards.get(id ?? -1) }),
  );

/** What a client writes, whose token works again, into every shard that comes back. */
async function write(): Promise<void> {
  const lines = shards().map(({ start }) => `client v=1 ${start}`);
  await writeLines({ ...world.spare, token: world.source.token }, 'telemetry', lines);
}

test('what clients write into a whole server while it comes back outlives an upload that is tried again', async () => {
  await world.holdfast.run('backup', { target: 'metrics' });
  const report = await world.holdfast.run('restore', {
    target: 'metrics',
    into: 'spare',
    confirm: 'spare',
  });
  expect(report.proof).toMatchObject({ identical: 0, equivalent: 4 });
  for (const { shard } of shards()) {
    expect([...((await shard?.columns()) ?? [])].map(([key]) => key)).toContain('client#!~#v');
  }
  // What was there already is looked at, and not sent again.
  expect([...failing.uploads.values()]).toEqual([1, 2, 1, 1]);
});
