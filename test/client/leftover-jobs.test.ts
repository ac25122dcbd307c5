import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';
import { startDelegatedWorld, type DelegatedWorld } from '../workflows/delegated-world.ts';
import { run as runCommand } from './command.ts';

const HOUR_MS = 3_600_000;
let world: DelegatedWorld;

beforeAll(async () => {
  world = await startDelegatedWorld({ timeouts: { job: '24h' } });
});
afterEach(() => world?.database.calm());
afterAll(() => world?.stop());

/** A backup whose run was terminated and whose server was killed in the middle of it: it says STARTED for ever. */
async function deadJob(): Promise<{ name: string; folder: string }> {
  const { database, holdfast, store } = world;
  database.switches.backupHangs = true;
  const run = await holdfast.start('backup', { target: 'articles' });
  const product = async () => (await run.query<{ product?: string }>('progress')).product;
  await expect.poll(product).toContain('STARTED');
  await run.terminate('by hand');
  await database.kill();
  await database.start();
  const { typedSearchAttributes } = await run.describe();
  const found = typedSearchAttributes.getAll().find(({ key }) => key.name === 'HoldfastBackup');
  const name = String(found?.value);
  return { name, folder: join(store, 'articles', name) };
}

/** As if the run had asked for the job long ago, it had been accepted so long ago, and its objects were as old. */
async function age(
  { name, folder }: Awaited<ReturnType<typeof deadJob>>,
  accepted: number | 'as noted by an older version',
  wrote: number,
) {
  const record = join(folder, 'work/jobs/001.json');
  const job = JSON.parse(await readFile(record, 'utf8')) as object;
  await writeFile(record, JSON.stringify({ ...job, since: before(48 * HOUR_MS).toISOString() }));
  const begun = typeof accepted === 'number' ? { at: before(accepted).toISOString() } : {};
  await writeFile(`${record}.begun`, JSON.stringify(begun));
  for (const file of await written(name)) {
    await utimes(join(world.storage, file), before(wrote), before(wrote));
  }
}

const before = (ms: number) => new Date(Date.now() - ms);
const written = async (name: string) =>
  (await filesBelow(world.storage)).filter((file) => file.startsWith(`${name}/`));

async function removeLeftovers(): Promise<string> {
  const env = {
    HOLDFAST_CONFIG: world.holdfast.configPath,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: world.holdfast.namespace,
  };
  return (await runCommand(['doctor', '--remove-leftovers'], { env })).stdout;
}

test('the job of another run is left alone by what is left of one that met its name', async () => {
  const met = await deadJob();
  await age(met, 48 * HOUR_MS, 25 * HOUR_MS);
  await rm(join(met.folder, 'work/jobs/001.json.begun'));
  expect(await removeLeftovers()).toContain(`removed articles/${met.name}/ `);
  expect(await written(met.name)).not.toEqual([]);
});

test('the job of a dead run and a dead server is left alone for as long as a job may take, and then removed', async () => {
  const [young, writing, dead] = [await deadJob(), await deadJob(), await deadJob()];
  await age(young, 23 * HOUR_MS, 25 * HOUR_MS);
  await age(writing, 48 * HOUR_MS, HOUR_MS);
  await age(dead, 'as noted by an older version', 25 * HOUR_MS);

  const told = await removeLeftovers();
  const untils = [
    ...told.matchAll(/articles says STARTED of its backup (\S+), .* until (\S+)\.\n/g),
  ];
  expect(new Set(untils.map(([, name]) => name))).toEqual(new Set([young.name, writing.name]));
  for (const [, name, until = ''] of untils) {
    const hours = (Date.parse(until) - Date.now()) / HOUR_MS;
    expect(Math.ceil(hours)).toBe(name === young.name ? 1 : 23);
  }
  expect(told).toContain(`removed articles/${dead.name}/ `);
  expect(await written(dead.name)).toEqual([]);
  expect(await written(young.name)).not.toEqual([]);
  expect(await written(writing.name)).not.toEqual([]);
  const kept = new Set((await filesBelow(world.store)).map((file) => file.split('/')[1]));
  expect(kept).toEqual(new Set([young.name, writing.name]));
});

test('what a run left after its commit goes, and what the product wrote for that backup stays', async () => {
  const { folder } = await deadJob();
  const claim = await readFile(join(folder, 'work/run.json'), 'utf8');
  const job = JSON.parse(await readFile(join(folder, 'work/jobs/001.json'), 'utf8')) as object;
  await rm(folder, { recursive: true });
  world.database.calm();
  await world.database.kill();
  await world.database.start();
  const { backup } = await world.holdfast.run('backup', { target: 'articles' });
  await world.copied(backup);
  const work = join(world.store, 'articles', backup, 'work');
  await mkdir(join(work, 'jobs'), { recursive: true });
  await writeFile(join(work, 'run.json'), claim);
  await writeFile(join(work, 'jobs/001.json'), JSON.stringify({ ...job, name: backup }));
  await writeFile(join(work, 'jobs/001.json.begun'), '{}');

  const objects = await written(backup);
  expect(await removeLeftovers()).toContain(`removed articles/${backup}/work/ `);
  expect(await filesBelow(work).catch(() => [])).toEqual([]);
  expect(await written(backup)).toEqual(objects);
  expect(objects).not.toEqual([]);
});
