import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeLines } from '../support/influx.ts';
import { HASTE, startWorld, type World } from './world.ts';

/** As Temporal numbers the states of an activity: it waits for its next attempt. */
const SCHEDULED = 1;

/** Not of the one that is only announced, to a shard that cannot exist. */
const UPLOAD = /\/restore\/shards\/(\d{1,9})$/;

/** Stands before a server, counts uploads by shard, and answers those of the second shard with an error for a while. */
async function startFailing(
  target: string,
  before: () => Promise<void>,
  fails: (upload: number) => boolean,
) {
  const uploads = new Map<string, number>();
  const server = createServer((asked, answer) => {
    const [, shard] = UPLOAD.exec(asked.url ?? '') ?? [];
    if (shard !== undefined) uploads.set(shard, (uploads.get(shard) ?? 0) + 1);
    if (shard !== undefined && uploads.size === 2 && fails(uploads.get(shard) ?? 0)) {
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
let fails: (upload: number) => boolean;
beforeEach(async () => {
  fails = (upload) => upload === 1;
  world = await startWorld({ shards: 4 });
  failing = await startFailing(world.spare.url, write, (upload) => fails(upload));
  const target = world.config.targets['spare'] ?? {};
  const url = `http://127.0.0.1:${(failing.server.address() as AddressInfo).port}`;
  Object.assign(target, {
    connection: { ...(target['connection'] as object), url },
    limits: { concurrency: 1 },
    timeouts: { ...HASTE, retryPause: '10s' },
  });
  await world.holdfast.configure(world.config);
});
afterEach(async () => {
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

/** Of the whole server, into the spare one; clients write meanwhile. */
async function restoring(): Promise<WorkflowHandle> {
  await world.holdfast.run('backup', { target: 'metrics' });
  return world.holdfast.start('restore', { target: 'metrics', into: 'spare', confirm: 'spare' });
}

async function requireClients(run: WorkflowHandle): Promise<void> {
  expect(await run.result()).toMatchObject({ proof: { identical: 0, equivalent: 4 } });
  for (const { shard } of shards()) {
    expect([...((await shard?.columns()) ?? [])].map(([key]) => key)).toContain('client#!~#v');
  }
}

test('what clients write into a whole server while it comes back outlives an upload that is tried again', async () => {
  await requireClients(await restoring());
  // What was there already is looked at, and not sent again.
  expect([...failing.uploads.values()]).toEqual([1, 2, 1, 1]);
});

test('and a reset of the activity, whose attempts are counted from the beginning again', async () => {
  fails = () => true;
  const run = await restoring();
  let id: string | null = null;
  const waiting = async () => {
    const [pending] = (await run.describe()).raw.pendingActivities ?? [];
    id = pending?.activityId ?? null;
    return Number(pending?.attempt) >= 3 && Number(pending?.state) === SCHEDULED;
  };
  // A running attempt would make the next one the second.
  await expect.poll(waiting, { timeout: 30_000 }).toBe(true);
  fails = () => false;
  const { client, namespace } = world.holdfast;
  const execution = { workflowId: run.workflowId };
  await client.workflowService.resetActivity({ namespace, execution, id });
  await requireClients(run);
  const [first, , ...others] = failing.uploads.values();
  expect([first, ...others]).toEqual([1, 1, 1]);
});
