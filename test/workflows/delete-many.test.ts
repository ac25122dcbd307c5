import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import { holding } from '../simulators/s3/faults.ts';
import { startCopyWorld, type CopyWorld } from './copy-world.ts';
import { causeOf } from './world.ts';

const ATTEMPTS = 2;
/** Each request of the store is tried so often. */
const TRIES = 2;
const DAY_S = 24 * 60 * 60;

let world: CopyWorld;
let ids: string[];

beforeAll(async () => {
  world = await startCopyWorld({ timeouts: { attempts: ATTEMPTS } });
  ids = [];
  for (let count = 0; count < 4; count += 1) {
    const { backup } = await world.holdfast.run('backup', { target: 'far' });
    await world.copied('far', backup);
    ids.push(backup);
  }
});
afterAll(() => world?.stop());
beforeEach(() => {
  world.far.calm();
  world.far.seen.length = 0;
});

const begin = (backup: string) =>
  world.holdfast.start('delete', { target: 'far', backup, confirm: backup });
const seen = (operation: string, key: RegExp) =>
  world.far.seen.filter((one) => one.operation === operation && key.test(one.key));

async function secondsFor(handle: WorkflowHandle, activity: string): Promise<number> {
  const { events = [] } = await handle.fetchHistory();
  const scheduled = events
    ?.map((event) => event.activityTaskScheduledEventAttributes)
    .find((one) => one?.activityType?.name === activity);
  return Number(scheduled?.startToCloseTimeout?.seconds);
}

describe('a deletion among many backups', () => {
  test('reads several of them at a time, each once, and may take as long as that takes', async () => {
    const id = ids.shift()!;
    const manifests = holding();
    const others = new RegExp(`/(${ids.join('|')})/backup\\.json$`);
    world.far.plan({ on: 'GetObject', key: others, times: ids.length, fault: manifests.fault });
    const handle = await begin(id);
    await expect.poll(() => seen('GetObject', others).length, { timeout: 60_000 }).toBe(ids.length);
    manifests.release();
    expect(await handle.result()).toMatchObject({ backup: id });
    expect(seen('GetObject', others)).toHaveLength(ids.length);
    expect(await secondsFor(handle, 'condemnBackup')).toBeGreaterThan(DAY_S);
  });

  test('leaves a backup as it was, when every attempt was kept from taking back what it had said', async () => {
    const id = ids.shift()!;
    const word = holding();
    const deleting = /deleting\.json$/;
    world.far.plan(
      { on: 'PutObject', key: deleting, fault: word.fault },
      {
        on: 'GetObject',
        key: deleting,
        times: ATTEMPTS * TRIES,
        fault: { kind: 'answer', status: 500, code: 'InternalError' },
      },
    );
    const handle = await begin(id);
    await expect.poll(() => seen('PutObject', deleting).length, { timeout: 60_000 }).toBe(1);
    const until = new Date(Date.now() + 60_000).toISOString();
    const lease = { operation: 'restore', workflowId: 'restore/far/x', runId: 'r', until };
    const reader = `holdfast/far/${id}/leases/r.json`;
    world.far.bucket.put(reader, Buffer.from(JSON.stringify(lease)), {}, false);
    word.release();
    expect(await handle.result().catch(causeOf)).toMatchObject({ type: 'STORE_ERROR' });
    expect(world.keys('far', id)).toContain('backup.json');
    expect(world.keys('far', id)).not.toContain('deleting.json');
  });
});
