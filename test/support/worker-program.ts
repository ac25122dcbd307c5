import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { compileProgram } from './compiled-program.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** A worker as one file, and its workflows as another: processes that are killed by the hundred must start fast. */
export interface WorkerProgram {
  entry: string;
  workflows: string;
  remove(): Promise<void>;
}

const ENTRY = fileURLToPath(new URL('worker-child.ts', import.meta.url));
/** Below `node_modules`, so that packages are found from there. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/holdfast-tests', import.meta.url));

const SHARED = 'HOLDFAST_TEST_WORKER';

/** The SDK's own bundler of workflows looks for its neighbours in the package; the workflows are bundled already. */
const withoutBundler: Plugin = {
  name: 'without the bundler of workflows',
  setup(bundler) {
    bundler.onResolve({ filter: /\/workflow\/bundler$/ }, () => ({
      path: 'none',
      namespace: 'none',
    }));
    bundler.onLoad({ filter: /./, namespace: 'none' }, () => ({
      contents: 'exports.defaultWorkflowInterceptorModules = [];',
    }));
  },
};

/** Builds the program once for all files of a run. */
export async function shareWorkerProgram(): Promise<() => Promise<void>> {
  const program = await build();
  process.env[SHARED] = JSON.stringify([program.entry, program.workflows]);
  return () => program.remove();
}

/** The shared program; where nobody made one, its own. */
export async function workerProgram(): Promise<WorkerProgram> {
  const shared = process.env[SHARED];
  if (shared === undefined) return build();
  const [entry, workflows] = JSON.parse(shared) as [string, string];
  return { entry, workflows, remove: () => Promise.resolve() };
}

async function build(): Promise<WorkerProgram> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'worker-'));
  const program = {
    entry: join(folder, 'worker.cjs'),
    workflows: join(folder, 'workflows.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await compileProgram(ENTRY, program.entry, { plugins: [withoutBundler] });
  await writeFile(program.workflows, await workflowBundle());
  return program;
}
