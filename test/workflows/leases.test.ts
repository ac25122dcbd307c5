import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { LEASE_RENEWAL_MS, livingLeases } from '../../activities/catalog/leases.ts';
import { readManifest } from '../../activities/catalog/read-manifest.ts';
import { loadConfig, snapshotOf } from '../../activities/config/config.ts';
import { exportBackup } from '../../activities/export/export-backup.ts';
import { keepingLease } from '../../activities/locks/lease.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Store } from '../../activities/stores/store.ts';
import type { ReadJob } from '../../workflows/contract/activities.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import { causeOf, startWorld, type World } from './world.ts';

const DAY_MS = 24 * 3_600_000;
const { signal } = new AbortController();
const resources = createStoreResources();
let world: World;
let store: Store;
let backup: string;

beforeAll(async () => {
  world = await startWorld({ shards: 3 });
  backup = (await world.holdfast.run('backup', { target: 'metrics' })).backup;
  store = openStore({ name: 'disk', type: 'directory', path: world.store.path }, resources);
});
afterAll(async () => {
  await store?.close();
  await resources.close();
  await world?.stop();
});

const leases = () => livingLeases(store, { target: 'metrics', backup });

describe('while a backup is read for hours', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Its readers go on for longer than a lease is renewed, twice. */
  async function expectRenewed(): Promise<void> {
    for (let time = 1; time <= 2; time++) {
      const until = (await leases())[0]?.until;
      vi.advanceTimersByTime(LEASE_RENEWAL_MS);
      await expect.poll(async () => (await leases())[0]?.until ?? until).not.toBe(until);
    }
  }

  test('the activity that reads it renews its lease, as long as it works', async () => {
    const run = { workflowId: 'verify/metrics/x', runId: 'a-run' };
    const job = { snapshot: { target: 'metrics' }, backup, run } as unknown as ReadJob;
    await keepingLease(store, job, 'verify', signal, expectRenewed);
    expect(vi.getTimerCount()).toBe(0);
    await store.remove([`metrics/${backup}/leases/a-run.json`]);
  });

  test('an export renews its lease, as long as it lasts', async () => {
    const snapshot = snapshotOf(await loadConfig({ path: world.holdfast.configPath }), 'metrics');
    const manifest = await readManifest(store, 'metrics', backup);
    const nobody = { onBytes: () => undefined, onFile: () => undefined };
    await exportBackup({ store, snapshot, manifest, signal, ...nobody }, expectRenewed);
    expect(vi.getTimerCount()).toBe(0);
    expect(await leases()).toEqual([]);
  });
});

test('a reader keeps its backup from being deleted until its lease has lapsed and its run has ended', async () => {
  const folder = join(world.store.path, 'metrics', backup, 'leases');
  await mkdir(folder, { recursive: true });
  // It stands for a restore that waits for longer than a lease lasts.
  const reader = await world.holdfast.client.workflow.start('lock', {
    taskQueue: TASK_QUEUE,
    workflowId: 'restore/metrics/x',
    args: [{ operation: 'restore', workflowId: 'by hand', since: '2026-11-20T02:00:00Z' }],
  });
  const lease = (until: number, runId = 'a-run') =>
    writeFile(
      join(folder, 'a-run.json'),
      JSON.stringify({
        operation: 'restore',
        workflowId: reader.workflowId,
        runId,
        until: new Date(until).toISOString(),
      }),
    );
  const remove = () =>
    world.holdfast.run('delete', { target: 'metrics', backup, confirm: backup }).catch(causeOf);
  await lease(Date.now() + DAY_MS);
  expect(await remove()).toMatchObject({ type: 'LOCK_HELD' });
  await lease(Date.now() - DAY_MS, reader.firstExecutionRunId);
  expect(await remove()).toMatchObject({
    type: 'LOCK_HELD',
    message: expect.stringMatching(
      /read by restore\/metrics\/x \(restore\), which is under way, though its lease has lapsed\.$/,
    ) as string,
  });
  await reader.signal('release');
  await reader.result();
  expect(await remove()).toMatchObject({ backup });
  expect((await world.files()).filter((file) => file.includes(backup))).toEqual([]);
});
