import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../activities/config/config.ts';
import type { CopyPlan } from '../../activities/copy/copy-work.ts';
import { removeLeftoverStaging } from '../../activities/restore/delegated/leftover-staging.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import {
  directoryStorage,
  startWeaviateSimulator,
  type WeaviateSimulator,
} from '../simulators/weaviate/index.ts';
import { filesBelow } from '../support/files-below.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call, classesOf } from './seed-articles.ts';

const DAY_MS = 24 * 3_600_000;
const stores = createStoreResources();
const { signal } = new AbortController();
let world: DelegatedWorld;
/** Reads its backups where `spare` does. */
let twin: WeaviateSimulator;
let backup: string;
/** The folder of the work of a restore that was terminated while the product restored. */
let work: string;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { lockWait: '5m' } });
  twin = await startWeaviateSimulator({ storage: directoryStorage(world.spareStorage) });
  const { spare } = world.config.targets;
  const connection = { ...(spare?.['connection'] as object), url: twin.url };
  world.config.targets['twin'] = { ...spare, connection };
  await world.holdfast.configure(world.config);
  ({ backup } = await world.holdfast.run('backup', { target: 'articles' }));
  await world.copied(backup);
});
beforeEach(async () => {
  await world.holdfast.configure(world.config);
  for (const { url } of [world.spare, twin]) {
    for (const name of await classesOf(url)) await call(url, 'DELETE', `/v1/schema/${name}`);
  }
  const run = await hangingRestore('spare', world.spare);
  const { runId } = await run.describe();
  await run.terminate('by hand');
  work = `articles/${backup}/work/${runId}/`;
});
afterEach(async () => {
  world.spare.calm();
  twin.calm();
  // What the product still had to read may be gone: then its restore fails.
  const { cluster } = world.spare;
  await expect.poll(() => cluster.leader.memory.restore).toBeUndefined();
  await rm(join(world.spareStorage, backup), { recursive: true, force: true });
});
afterAll(async () => {
  await world?.stop();
  await twin?.stop();
  await stores.close();
});

async function hangingRestore(into: string, { switches, requests }: WeaviateSimulator) {
  switches.restoreHangs = true;
  const begins = () =>
    requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/restore')).length;
  const before = begins();
  const run = await world.holdfast.start('restore', { target: 'articles', backup, into });
  await expect.poll(begins).toBe(before + 1);
  return run;
}

async function remove(): Promise<void> {
  const { client, configPath } = world.holdfast;
  const config = await loadConfig({ path: configPath });
  const store = openStore({ name: 'disk', type: 'directory', path: world.store }, stores);
  await removeLeftoverStaging({ stores }, client, store, config, work, signal);
  await store.close();
}

/** What the dead restore would have noted so long ago. */
async function note(name: string, agoMs: number): Promise<void> {
  const at = new Date(Date.now() - agoMs).toISOString();
  await writeFile(join(world.store, work, name), JSON.stringify({ at }));
}

const staged = async () => (await filesBelow(world.spareStorage)).length > 0;

test('what a dead restore put back stays while the product restores, until that may be so no more', async () => {
  // Temporal ends its lock a moment after the restore itself.
  const refusal = () => remove().then(String, String);
  await expect.poll(refusal).toMatch(/its restore of .* until \d{4}-/);
  await expect(remove()).rejects.toMatchObject({ code: 'TARGET_BUSY' });
  expect(await staged()).toBe(true);
  // It may have waited for a day until the product accepted it.
  await note('begun.json', DAY_MS);
  await note('accepted.json', 0);
  await expect(remove()).rejects.toMatchObject({ code: 'TARGET_BUSY' });
  await note('accepted.json', DAY_MS);
  await remove();
  expect(await staged()).toBe(false);
});

test('what a dead restore put back stays while another one reads it', async () => {
  world.spare.calm();
  await expect.poll(() => classesOf(world.spare.url)).toHaveLength(2);
  const other = await hangingRestore('twin', twin);
  await expect(remove()).rejects.toMatchObject({
    code: 'TARGET_BUSY',
    message: expect.stringContaining(other.workflowId),
  });
  expect(await staged()).toBe(true);
  twin.calm();
  await other.result();
  expect(await staged()).toBe(true);
  await remove();
  expect(await staged()).toBe(false);
});

test('what a dead restore put back is not looked for where its destination writes by now', async () => {
  const elsewhere: TemporaryFolder = await temporaryFolder('elsewhere');
  await mkdir(join(elsewhere.path, backup));
  await writeFile(join(elsewhere.path, backup, 'own'), 'of the product');
  const { spare } = world.config.targets;
  const storage = { type: 'directory', path: elsewhere.path };
  const connection = { ...(spare?.['connection'] as object), storage };
  const targets = { ...world.config.targets, spare: { ...spare, connection } };
  await world.holdfast.configure({ ...world.config, targets });
  await expect(remove()).rejects.toMatchObject({
    code: 'PRODUCT_STORAGE_MOVED',
    message: expect.stringContaining(world.spareStorage),
  });
  expect(await filesBelow(elsewhere.path)).toEqual([`${backup}/own`]);
  await world.holdfast.configure(world.config);
  await elsewhere.remove();
});

test('what a copy that ended left is its own, and no hindrance', async () => {
  work = `articles/${backup}/work/copy-plain/`;
  const plan = { folder: 'plan-x/', pages: [3], artifacts: 3, bytes: 3, runId: 'a-run' };
  await mkdir(join(world.store, work), { recursive: true });
  await writeFile(join(world.store, work, 'plan.json'), JSON.stringify(plan satisfies CopyPlan));
  await remove();
  expect(await staged()).toBe(true);
});
