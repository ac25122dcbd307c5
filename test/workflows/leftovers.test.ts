import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findLeftovers, judge, removeLeftover } from '../../activities/catalog/leftovers.ts';
import { listBackups } from '../../activities/catalog/list-backups.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import type { Store } from '../../activities/stores/store.ts';
import { filesBelow } from '../support/files-below.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const OWN = { cluster: 'c1', namespace: 'n1' };
const DEAD = { ...OWN, workflowId: 'backup/metrics/dead', runId: 'dead' };
const ALIVE = { ...OWN, workflowId: 'backup/metrics/alive', runId: 'alive' };
const isClosed = ({ runId }: { runId: string }) => Promise.resolve(runId === 'dead');
const signal = new AbortController().signal;

let root: TemporaryFolder;
let store: Store;

beforeAll(async () => {
  root = await temporaryFolder('leftovers');
  store = openStore({ name: 'disk', type: 'directory', path: root.path }, createStoreResources());
});
afterAll(() => root?.remove());
beforeEach(() => rm(join(root.path, 'metrics'), { recursive: true, force: true }));

async function write(key: string, content: unknown): Promise<void> {
  const path = join(root.path, 'metrics', key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(content));
}

const id = (n: number) => `2026-11-20t0${n}-00-00z-00000${n}`;

describe('leftovers', () => {
  test('only those of closed runs of our own cluster and namespace may go', async () => {
    await write(`${id(1)}/work/run.json`, DEAD);
    await write(`${id(1)}/data/x.tar`, 'bytes');
    await write(`${id(2)}/work/run.json`, ALIVE);
    await write(`${id(3)}/work/run.json`, { ...DEAD, cluster: 'other' });
    await write(`${id(4)}/work/run.json`, { ...DEAD, namespace: 'other' });
    await write(`${id(5)}/data/x.tar`, 'bytes');
    const imported = { cluster: '', namespace: '', workflowId: 'import/metrics/x', runId: 'dead' };
    await write(`${id(6)}/work/run.json`, imported);
    await write(`notes/of-a-person.txt`, 'keep');
    const found = await findLeftovers(store, 'metrics');
    const verdicts = await Promise.all(found.map((one) => judge(one, { ...OWN, isClosed })));
    expect(verdicts).toEqual([
      'removable',
      'running',
      'foreign',
      'foreign',
      'unclaimed',
      'imported',
    ]);

    await removeLeftover(store, 'metrics', found[0]!, signal);
    expect((await findLeftovers(store, 'metrics')).map(({ folder }) => folder)).toEqual(
      [2, 3, 4, 5, 6].map((n) => `metrics/${id(n)}/`),
    );
  });

  test('a backup whose deletion has begun and did not end is told, and never removed unasked', async () => {
    for (const [n, run] of [DEAD, ALIVE, { ...DEAD, cluster: 'other' }].entries()) {
      await write(`${id(n)}/backup.json`, { format: 1 });
      await write(`${id(n)}/data/x.tar`, 'bytes');
      await write(`${id(n)}/deleting.json`, run);
    }
    // Its very end alone is left to do.
    await write(`${id(3)}/deleting.json`, DEAD);
    const found = await findLeftovers(store, 'metrics');
    expect(found[0]).toMatchObject({ folder: `metrics/${id(0)}/`, objects: 3 });
    const verdicts = await Promise.all(found.map((one) => judge(one, { ...OWN, isClosed })));
    expect(verdicts).toEqual(['condemned', 'running', 'condemned-elsewhere', 'condemned']);
    const begun = (n: number) => ({
      id: id(n),
      problem: `its deletion has begun; \`holdfast delete metrics ${id(n)}\` goes on with it`,
    });
    expect(await listBackups(store, 'metrics')).toEqual([0, 1, 2].map(begun));
  });

  test('of a run that ended right after its commit goes what it kept for itself, and nothing else', async () => {
    await write(`${id(1)}/backup.json`, { format: 1 });
    await write(`${id(1)}/data/x.tar`, 'bytes');
    await write(`${id(1)}/work/copy-plain/run.json`, ALIVE);
    for (const name of ['run.json', 'inventory.json', 'jobs/001.json', 'receipts/0001.json'])
      await write(`${id(1)}/work/${name}`, DEAD);
    const found = await findLeftovers(store, 'metrics');
    expect(found.map(({ folder, objects }) => [folder, objects])).toEqual([
      [`metrics/${id(1)}/work/`, 4],
      [`metrics/${id(1)}/work/copy-plain/`, 1],
    ]);
    const verdicts = await Promise.all(found.map((one) => judge(one, { ...OWN, isClosed })));
    expect(verdicts).toEqual(['removable', 'running']);

    await removeLeftover(store, 'metrics', found[0]!, signal);
    expect((await filesBelow(join(root.path, 'metrics', id(1)))).toSorted()).toEqual([
      'backup.json',
      'data/x.tar',
      'work/copy-plain/run.json',
    ]);
  });

  test('nothing goes while a manifest cannot be read', async () => {
    await write(`${id(1)}/work/run.json`, DEAD);
    await write(`${id(6)}/backup.json`, { format: 1, broken: true });
    const [leftover] = await findLeftovers(store, 'metrics');
    await expect(removeLeftover(store, 'metrics', leftover!, signal)).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
    });
    expect(await findLeftovers(store, 'metrics')).toHaveLength(1);
  });
});
