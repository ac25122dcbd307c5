import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { startLateRequests, type LateRequests } from '../support/late-requests.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { classesOf } from './seed-articles.ts';

const STALL_MS = 3_000;
let world: DelegatedWorld;
let late: LateRequests;
let polls = 0;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { stall: `${STALL_MS}ms` } });
  late = await startLateRequests(world.spare.url, (method, path) => {
    if (method === 'GET' && path.startsWith('/v1/backups/')) polls += 1;
    return method === 'POST' && path.startsWith('/v1/backups/');
  });
  const { spare } = world.config.targets;
  const connection = { ...(spare?.['connection'] as object), url: late.url };
  const targets = { ...world.config.targets, spare: { ...spare, connection } };
  await world.holdfast.configure({ ...world.config, targets });
});
afterAll(async () => {
  await world?.stop();
  await late?.[Symbol.asyncDispose]();
});

/** Cancels while a request to begin is under way that is not the first, and delivers it once the run looks for it. */
async function cancelWhileAsking(handle: {
  signal(name: string): Promise<void>;
  result(): Promise<unknown>;
}): Promise<void> {
  const { refused } = late;
  await expect.poll(() => late.refused, { timeout: 30_000 }).toBeGreaterThan(refused);
  const first = Date.now();
  await expect.poll(() => Date.now() - first, { timeout: 30_000 }).toBeGreaterThan(STALL_MS);
  late.mode = 'hold';
  await expect.poll(() => late.held, { timeout: 30_000 }).toBe(1);
  const asked = polls;
  await handle.signal('cancel');
  await expect.poll(() => polls, { timeout: 30_000 }).toBeGreaterThan(asked);
  await late.release();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
}

test('a restore that begins after the cancel is stopped all the same, and leaves nothing', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'articles' });
  await world.copied(backup);
  late.mode = 'refuse';
  world.spare.switches.downloadMs = 600_000;
  const input = { target: 'articles', backup, into: 'spare' };
  await cancelWhileAsking(await world.holdfast.start('restore', input));
  world.spare.calm();
  expect(await classesOf(world.spare.url)).toEqual([]);
  expect(await filesBelow(world.spareStorage)).toEqual([]);
});

test('a backup that begins after the cancel is stopped all the same, and leaves nothing', async () => {
  const { backup } = await world.holdfast.run('backup', { target: 'articles' });
  await world.copied(backup);
  await world.holdfast.run('restore', { target: 'articles', backup, into: 'spare' });
  late.mode = 'refuse';
  world.spare.switches.workMs = 600_000;
  await cancelWhileAsking(await world.holdfast.start('backup', { target: 'spare' }));
  expect(await filesBelow(world.spareStorage)).toEqual([]);
});
