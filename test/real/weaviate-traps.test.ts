import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { askWeaviate } from '../support/weaviate-data.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import {
  contentsOf,
  dropClasses,
  OWN_BUCKET,
  OWN_PATH,
  PATIENCE,
  startWeaviateWorld,
  type WeaviateWorld,
} from './weaviate-world.ts';

let world: WeaviateWorld;

beforeAll(async () => {
  world = await startWeaviateWorld({ target: { timeouts: { ...PATIENCE, stall: '8s' } } });
  await seedWeaviate(world.weaviate, { objects: 100 });
});
afterAll(() => world?.stop());
afterEach(() => world.gate.open());

const folderOf = (name: string) => join(world.own.folder, OWN_BUCKET, OWN_PATH, name);
const lastErrorOf = (handle: { query<T>(name: string): Promise<T> }) => async () =>
  (await handle.query<{ lastError?: string }>('progress')).lastError;

describe('what a real Weaviate does, and a backup or restore survives', () => {
  test('a success that the server could not write down is not believed', async () => {
    const { gate, holdfast, weaviate } = world;
    const begun = gate.requests.length;
    const came = (line: RegExp) => () => gate.requests.slice(begun).filter((one) => line.test(one));
    const DESCRIPTOR = /^PUT .*\/backup_config\.json/;
    gate.hold(/^(PUT|POST) .*\/chunk-/);
    const handle = await holdfast.start('backup', { target: 'articles' });
    await expect.poll(came(/\/chunk-/), { timeout: 60_000 }).not.toEqual([]);
    gate.open();
    // The first write of the descriptor said that the backup had begun; the second one is its end.
    gate.refuse(DESCRIPTOR);
    await expect.poll(() => came(DESCRIPTOR)().length, { timeout: 60_000 }).toBeGreaterThan(1);
    const [{ id: first } = { id: '' }] = (await askWeaviate(weaviate, 'GET', '/backups/s3')) as {
      id: string;
    }[];
    // Success is told as long as the server tries to write it down, and then taken back.
    await expect
      .poll(() => askWeaviate(weaviate, 'GET', `/backups/s3/${first}`), { timeout: 60_000 })
      .toMatchObject({ status: 'STARTED' });
    gate.open();
    const report = (await handle.result()) as { state: string; backup: string };
    expect(report.state).toBe('ok');
    // What is committed is the second round's, under another name.
    expect(first).toBe(report.backup);
    const { delegated } = await world.manifest(report.backup);
    expect(delegated?.name).toBe(`${report.backup}-2`);
  });

  test('a restore waits while the server takes an earlier one for still being cancelled', async () => {
    const { holdfast, weaviate } = world;
    const { backup } = await holdfast.run('backup', { target: 'articles' });
    const before = await contentsOf(weaviate);
    await dropClasses(weaviate);
    // As a server leaves it that dies while it cancels: it would accept the restore, and do nothing.
    const word = join(folderOf(backup), 'restore_config.json');
    const descriptor = await readFile(join(folderOf(backup), 'backup_config.json'), 'utf8');
    await writeFile(
      word,
      descriptor.replace('"status":"SUCCESS","version"', '"status":"CANCELLING","version"'),
    );
    const handle = await holdfast.start('restore', { target: 'articles', backup });
    await expect.poll(lastErrorOf(handle), { timeout: 60_000 }).toContain('still cancelling');
    await rm(word);
    await handle.result();
    expect(await contentsOf(weaviate)).toEqual(before);
  });
});
