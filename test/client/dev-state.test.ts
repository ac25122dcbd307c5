import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markApplied, openState, usingFolder } from '../../client/dev/state-folder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('the first database of all has nothing to take over', async () => {
  await using folder = await temporaryFolder('dev-state');
  expect(await openState(folder.path, '1.2.3')).toMatchObject({ unapplied: false, others: [] });
});

test('schedules are owed to the database of a new version until all were applied, though it exists already', async () => {
  await using folder = await temporaryFolder('dev-state');
  await writeFile(join(folder.path, 'temporal-1.2.3.db'), '');
  const state = await openState(folder.path, '1.3.0');
  expect(state.unapplied).toBe(true);
  await writeFile(state.database, '');
  expect((await openState(folder.path, '1.3.0')).unapplied).toBe(true);
  await markApplied(folder.path, '1.3.0');
  const { unapplied, others } = await openState(folder.path, '1.3.0');
  expect(unapplied).toBe(false);
  expect(others.map(({ version }) => version)).toEqual(['1.2.3']);
});

test('a folder of a Holdfast that wrote no mark owes nothing', async () => {
  await using folder = await temporaryFolder('dev-state');
  for (const version of ['1.2.3', '1.3.0']) {
    await writeFile(join(folder.path, `temporal-${version}.db`), '');
  }
  expect((await openState(folder.path, '1.3.0')).unapplied).toBe(false);
});

test('a folder that cannot be used is told as such, and no other error', async () => {
  await using folder = await temporaryFolder('dev-state');
  const inFile = join(folder.path, 'file', 'state');
  await writeFile(join(folder.path, 'file'), '');
  await expect(usingFolder(inFile, () => openState(inFile, '1.2.3'))).rejects.toMatchObject({
    code: 'TEMPORAL_UNREACHABLE',
    message: expect.stringContaining(`its folder ${inFile} cannot be used: ENOTDIR`) as string,
    hint: expect.stringContaining('--state') as string,
  });
  const other = new Error('another');
  await expect(usingFolder(inFile, () => Promise.reject(other))).rejects.toBe(other);
});
