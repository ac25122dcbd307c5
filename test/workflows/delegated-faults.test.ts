import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BackupReport } from '../../workflows/contract/operations.ts';
import { filesBelow } from '../support/files-below.ts';
import { summariesIn } from '../support/summaries.ts';
import { startDelegatedWorld, type DelegatedWorld } from './delegated-world.ts';
import { call, classesOf } from './seed-articles.ts';
import { causeOf } from './world.ts';

let world: DelegatedWorld;
let backup: string;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { stall: '3s' } });
  backup = (await world.holdfast.run('backup', { target: 'articles' })).backup;
  await world.copied(backup);
});
afterAll(() => world?.stop());
beforeEach(async () => {
  world.database.calm();
  world.spare.calm();
  for (const name of await classesOf(world.spare.url)) {
    await call(world.spare.url, 'DELETE', `/v1/schema/${name}`);
  }
  await rm(join(world.spareStorage, backup), { recursive: true, force: true });
});

const take = () => world.holdfast.run('backup', { target: 'articles' });
const restore = () => world.holdfast.run('restore', { target: 'articles', backup, into: 'spare' });
const productSays = async (handle: { query<T>(name: string): Promise<T> }) =>
  (await handle.query<{ product?: string }>('progress')).product;

describe('a backup by the product', () => {
  test.each([
    [
      'was cancelled, and nobody here asked for it',
      { cancelUnasked: 1 },
      /cancelled by somebody else.*CANCELED: .*restart/,
    ],
    ['failed without a word', { backupFailsSilently: 1 }, /failed: it says “FAILED”/],
  ])(
    'that %s is begun again under another name, and nothing is left of it',
    async (_, switches, words) => {
      const before = await filesBelow(world.storage);
      Object.assign(world.database.switches, switches);
      const handle = await world.holdfast.start('backup', { target: 'articles' });
      const report = (await handle.result()) as BackupReport;
      expect(summariesIn(await handle.fetchHistory())).toContain('before round 2');
      expect(report.warnings).toContainEqual({
        code: 'ROUND_FAILED',
        message: expect.stringMatching(words) as string,
      });
      const { delegated } = await world.manifest(report.backup);
      expect(delegated?.name).toBe(`${report.backup}-2`);
      const folders = new Set((await filesBelow(world.storage)).map((file) => file.split('/')[0]));
      expect(folders).toEqual(
        new Set([...before.map((file) => file.split('/')[0]), delegated?.name]),
      );
    },
  );

  test('that ends before its cancel comes is removed all the same', async () => {
    const before = await filesBelow(world.storage);
    Object.assign(world.database.switches, { backupHangs: true, cancelLate: true });
    const handle = await world.holdfast.start('backup', { target: 'articles' });
    await expect.poll(() => productSays(handle)).toContain('STARTED');
    await handle.signal('cancel');
    await expect
      .poll(() => world.database.requests.some(({ method }) => method === 'DELETE'))
      .toBe(true);
    world.database.switches.backupHangs = false;
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await filesBelow(world.storage)).toEqual(before);
  });

  test('of another run is left alone by one that was cancelled before it knew', async () => {
    world.database.switches.backupHangs = true;
    const handle = await world.holdfast.start('backup', { target: 'articles' });
    await expect.poll(() => productSays(handle)).toContain('STARTED');
    const found = (await filesBelow(world.store)).find((file) => file.endsWith('001.json.begun'));
    const name = found?.split('/')[1] ?? '';
    // As if the product had refused the name, for another run has claimed it.
    await rm(join(world.store, found ?? ''));
    await writeFile(join(world.storage, 'holdfast-claims', `${name}.json`), '{}');
    const before = world.database.requests.length;
    await handle.cancel();
    await handle.result().catch(() => undefined);
    const asked = world.database.requests.slice(before).map(({ method }) => method);
    expect(asked).not.toContain('DELETE');
    const left = await filesBelow(world.storage);
    expect(left.filter((file) => file.startsWith(`${name}/`))).not.toEqual([]);
    world.database.calm();
    const status = () => call(world.database.url, 'GET', `/v1/backups/filesystem/${name}`);
    await expect.poll(async () => JSON.stringify(await status())).toContain('SUCCESS');
  });

  test('is followed through answers that are no answers', async () => {
    const at = ['status'];
    Object.assign(world.database.switches, {
      answerCut: { at, times: 1 },
      internalError: { at, times: 2 },
      descriptorHalf: { at, times: 2 },
      tooManyRequests: { at, times: 1 },
    });
    expect(await take()).toMatchObject({ state: 'ok', warnings: [] });
  });
});

describe('a restore by the product', () => {
  test('whose coordinator died is given up, and no class of it stays', async () => {
    world.spare.switches.restoreCoordinatorDies = 1;
    expect(await restore().catch(causeOf)).toMatchObject({
      type: 'JOB_FAILED',
      message: expect.stringContaining('the server was started anew') as string,
    });
    expect(await classesOf(world.spare.url)).toEqual([]);
    expect(await filesBelow(world.spareStorage)).toEqual([]);
  });

  test('is followed through answers that are no answers', async () => {
    const at = ['restoreStatus'];
    Object.assign(world.spare.switches, {
      answerCut: { at, times: 1 },
      internalError: { at, times: 2 },
      tooManyRequests: { at, times: 1 },
    });
    const { restored } = await restore();
    expect(restored).toContain('class Note');
  });
});
