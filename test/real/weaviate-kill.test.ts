import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Step } from '../support/death-wish.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { seedWeaviate } from '../support/weaviate-seed.ts';
import { loadWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { workerProgram, type WorkerProgram } from '../support/worker-program.ts';
import {
  contentsOf,
  dropClasses,
  OWN_BUCKET,
  OWN_PATH,
  startWeaviateWorld,
  type WeaviateWorld,
} from './weaviate-world.ts';

/** Where one worker after the other dies. */
const STEPS: Step[] = [
  'startBackupJob answer 2',
  'copyPage object 2',
  'copyPage after',
  'stagePage answer 9',
  'startRestoreJob after',
  'proveRestoreJob answer 4',
];

let program: WorkerProgram;
let world: WeaviateWorld;
let spool: TemporaryFolder;
let worker: WorkerProcess | undefined;
beforeAll(async () => {
  program = await workerProgram();
  spool = await temporaryFolder('spool');
  world = await startWeaviateWorld({ worker: false });
  await seedWeaviate(world.weaviate, { objects: 200 });
});
afterAll(async () => {
  await worker?.kill();
  await world?.stop();
  await spool?.remove();
  await program?.remove();
});

test('workers that are killed in backup, copy and restore leave one backup, copied once, and all of it back', async () => {
  const left = [...STEPS];
  const succession = async () => {
    for (;;) {
      worker = await loadWorkerProcess(program).start({
        address: inject('temporalAddress'),
        namespace: world.holdfast.namespace,
        configPath: world.holdfast.configPath,
        spoolRoot: spool.path,
        workflows: program.workflows,
        dieAt: left,
      });
      const diedAt = await worker.gone;
      if (diedAt === undefined) return;
      left.splice(left.indexOf(diedAt), 1);
    }
  };
  const before = await contentsOf(world.weaviate);
  const workers = succession();
  const { backup } = await world.holdfast.run('backup', { target: 'articles' });
  await world.holdfast.client.workflow.getHandle(`copy/articles/${backup}`).result();
  const written = await world.written(backup);
  const kept = await world.kept(backup);
  await dropClasses(world.weaviate);
  await rm(join(world.own.folder, OWN_BUCKET, OWN_PATH, backup), { recursive: true });
  const restored = await world.holdfast.run('restore', { target: 'articles', backup });
  await worker?.kill();
  await workers;

  expect(left).toEqual([]);
  expect(kept.filter((key) => key.startsWith(`data/${backup}/`))).toEqual(
    written.map((key) => `data/${backup}/${key}`),
  );
  expect(restored.proof).toMatchObject({ identical: 0, equivalent: 4 });
  expect(await contentsOf(world.weaviate)).toEqual(before);
  // What was put there for the server is gone, and nothing of a second backup lies there.
  expect(await world.written()).toEqual([]);
});
