import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { HASTE } from '../workflows/world.ts';
import { enterpriseWorld, type EnterpriseWorld, linesOf } from './influxdb-3-enterprise.ts';

let world: EnterpriseWorld;
let holdfast: Holdfast;
let store: TemporaryFolder;

const TARGET = 'metrics-eu';
const HOURS_AGO_MS = 2 * 3_600_000;

beforeAll(async () => {
  world = await enterpriseWorld();
  store = await temporaryFolder('store');
  world.simulator.cluster.write('telemetry', linesOf('one'));
  const target = {
    product: 'influxdb-3-enterprise',
    connection: world.connection(),
    store: 'disk',
    safetyBackup: false,
    timeouts: { ...HASTE, job: '60s' },
  };
  const stores = { disk: { type: 'directory', path: store.path } };
  const config = { stores, targets: { [TARGET]: target } };
  holdfast = await startHoldfast({ address: inject('temporalAddress'), config });
});
beforeEach(() => {
  world.faults.holdJobs?.();
});
afterAll(async () => {
  await holdfast?.stop();
  await store?.remove();
  await world?.[Symbol.asyncDispose]();
});

/** As if what the run noted before its first request were hours old. */
async function ageNote(name: string, field: string): Promise<void> {
  const find = async () => (await filesBelow(store.path)).find((file) => file.endsWith(name));
  await expect.poll(find).toBeDefined();
  const note = join(store.path, (await find()) ?? '');
  const noted = JSON.parse(await readFile(note, 'utf8')) as object;
  const time = new Date(Date.now() - HOURS_AGO_MS).toISOString();
  const beside = join(store.path, 'aged.json');
  await writeFile(beside, JSON.stringify({ ...noted, [field]: time }));
  await rename(beside, note);
}

/** It is asked for while it runs, and may end then. */
async function runs(handle: Awaited<ReturnType<Holdfast['start']>>): Promise<void> {
  const words = async () => (await handle.query<{ product?: string }>('progress')).product;
  await expect.poll(words).toMatch(/^in_progress/);
  world.faults.release?.();
}

test('a backup that waited for long to begin has the time of its job before it', async () => {
  world.simulator.switches.unavailable = { at: ['startBackup'] };
  const handle = await holdfast.start('backup', { target: TARGET });
  await ageNote('work/jobs/001.json', 'since');
  world.simulator.switches.unavailable = false;
  await runs(handle);
  expect(await handle.result()).toMatchObject({ state: 'ok', warnings: [] });
});

test('a restore that waited for long to begin has the time of its job before it', async () => {
  world.faults.release?.();
  const { backup } = await holdfast.run('backup', { target: TARGET });
  await holdfast.client.workflow.getHandle(`copy/${TARGET}/${backup}`).result();
  world.faults.holdJobs?.();
  world.simulator.switches.leaseHeld = true;
  const handle = await holdfast.start('restore', { target: TARGET, backup, confirm: TARGET });
  await ageNote('begun.json', 'at');
  world.simulator.switches.leaseHeld = false;
  await runs(handle);
  expect(await handle.result()).toMatchObject({ proof: { identical: 2, equivalent: 0 } });
});
