import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, snapshotOf } from '../../activities/config/config.ts';
import { objectsLock } from '../../activities/restore/delegated/objects-lock.ts';
import { TASK_QUEUE } from '../../workflows/contract/names.ts';
import type { RestoreReport } from '../../workflows/contract/operations.ts';
import type { Progress } from '../../workflows/contract/progress.ts';
import {
  directoryStorage,
  startWeaviateSimulator,
  type WeaviateSimulator,
} from '../simulators/weaviate/index.ts';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call, classesOf } from './seed-articles.ts';
import { causeOf } from './world.ts';

let world: DelegatedWorld;
/** Another cluster that reads its backups where `spare` does. */
let twin: WeaviateSimulator;
let backup: string;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { lockWait: '5m' } });
  twin = await startWeaviateSimulator({ storage: directoryStorage(world.spareStorage) });
  const { articles, spare } = world.config.targets;
  const connection = { ...(spare?.['connection'] as object), url: twin.url };
  const hasty = { ...(spare?.['timeouts'] as object), lockWait: '1s' };
  Object.assign(world.config.targets, {
    articles: { ...articles, timeouts: hasty },
    twin: { ...spare, connection },
    hasty: { ...spare, connection, timeouts: hasty },
  });
  await world.holdfast.configure(world.config);
  ({ backup } = await world.holdfast.run('backup', { target: 'articles' }));
  await world.copied(backup);
});
beforeEach(async () => {
  for (const { url } of [world.spare, twin]) {
    for (const name of await classesOf(url)) await call(url, 'DELETE', `/v1/schema/${name}`);
  }
});
afterEach(() => [world.spare, twin].forEach((one) => one.calm()));
afterAll(async () => {
  await world?.stop();
  await twin?.stop();
});

const restore = (into: string) =>
  world.holdfast.start('restore', { target: 'articles', backup, into });
const progress = (run: WorkflowHandle) => run.query<Progress>('progress');
const reportOf = async (run: WorkflowHandle) => (await run.result()) as RestoreReport;
const begins = ({ requests }: WeaviateSimulator) =>
  requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/restore')).length;

/** A restore that the product does not end until it is calmed. */
async function hangingRestore(): Promise<WorkflowHandle> {
  world.spare.switches.restoreHangs = true;
  const begun = begins(world.spare);
  const run = await restore('spare');
  await expect.poll(() => begins(world.spare)).toBe(begun + 1);
  return run;
}

describe('two restores of one backup out of one storage', () => {
  test('take turns, and each finds what it needs', async () => {
    const first = await hangingRestore();
    const before = begins(twin);
    const second = await restore('twin');
    await expect
      .poll(async () => (await progress(second)).lastError)
      .toContain(`Waiting for ${first.workflowId}, `);
    expect(begins(twin)).toBe(before);
    world.spare.calm();
    for (const run of [first, second]) {
      const { proof, warnings } = await reportOf(run);
      expect({ proven: proof.identical + proof.equivalent, warnings }).toEqual({
        proven: 3,
        warnings: [],
      });
    }
    expect(await classesOf(twin.url)).toEqual(['Article', 'Note']);
    expect(await filesBelow(world.spareStorage)).toEqual([]);
  });

  test('take turns when they begin at the same moment, too', async () => {
    const runs = await Promise.all([restore('spare'), restore('twin')]);
    for (const run of runs) expect((await reportOf(run)).warnings).toEqual([]);
    expect(await filesBelow(world.spareStorage)).toEqual([]);
  });

  test('do not wait for each other for ever: the second one says whom it met', async () => {
    const first = await hangingRestore();
    const failure = causeOf(
      await (await restore('hasty')).result().catch((error: unknown) => error),
    );
    expect(failure).toMatchObject({ type: 'LOCK_HELD' });
    expect(String(failure)).toContain(`is held by ${first.workflowId} (restore, since `);
    world.spare.calm();
    expect((await reportOf(first)).warnings).toEqual([]);
    expect(await filesBelow(world.spareStorage)).toEqual([]);
  });

  test('are told at once what they would do', async () => {
    const first = await hangingRestore();
    const input = { target: 'articles', backup, into: 'twin', dryRun: true };
    expect((await world.holdfast.run('restore', input)).plan.into).toBe('twin');
    world.spare.calm();
    await first.result();
  });

  test('do not wait for one another where their storages differ', async () => {
    const first = await hangingRestore();
    await call(world.database.url, 'DELETE', '/v1/schema/Note');
    const select = { classes: ['Note'] };
    await world.holdfast.run('restore', { target: 'articles', backup, select });
    expect(await classesOf(world.database.url)).toEqual(['Article', 'Note']);
    world.spare.calm();
    await first.result();
  });
});

test('a restore does not begin when what it saw in place is gone by then', async () => {
  await call(world.database.url, 'DELETE', '/v1/schema/Note');
  const { client } = world.holdfast;
  const lock = await client.workflow.start('lock', {
    taskQueue: TASK_QUEUE,
    workflowId: 'target/articles',
    args: [{ operation: 'backup', workflowId: 'another', since: '2026-11-20T02:00:00Z' }],
  });
  const { articles } = world.config.targets;
  const patient = { ...articles, timeouts: world.config.targets['twin']?.['timeouts'] };
  const targets = { ...world.config.targets, articles: patient };
  await world.holdfast.configure({ ...world.config, targets });
  const select = { classes: ['Note'] };
  const run = await world.holdfast.start('restore', { target: 'articles', backup, select });
  await expect.poll(async () => (await progress(run)).waitingFor).toBeDefined();
  const before = begins(world.database);
  await rm(join(world.storage, backup), { recursive: true });
  await lock.signal('release');
  expect(causeOf(await run.result().catch((error: unknown) => error))).toMatchObject({
    type: 'DESTINATION_CHANGED',
    message: expect.stringContaining(world.storage),
  });
  expect(begins(world.database)).toBe(before);
  await world.holdfast.configure(world.config);
});

test('backups that rest on the same one have one lock in a storage', async () => {
  const manifest = await world.manifest(backup);
  const { delegated } = manifest;
  if (!delegated) throw new Error('It is a delegated one.');
  const config = await loadConfig({ path: world.holdfast.configPath });
  const lockOf = (name: string, bases: string[], into: string) =>
    objectsLock(
      {
        ...manifest,
        delegated: {
          ...delegated,
          name,
          bases: bases.map((base) => ({ backup: base, name: base })),
        },
      },
      snapshotOf(config, into),
    );
  const full = lockOf('full', [], 'spare');
  expect(full).toMatch(/^objects\/full\/[0-9a-f]{16}$/);
  expect(lockOf('second', ['first', 'full'], 'twin')).toBe(full);
  expect(lockOf('full', [], 'articles')).not.toBe(full);
  expect(lockOf('other', [], 'spare')).not.toBe(full);
});
