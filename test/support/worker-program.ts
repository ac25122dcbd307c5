import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { workflowBundle } from './workflow-bundle.ts';

/** A worker as one file, and its workflows as another: a process that is killed sixty times must start fast. */
export interface WorkerProgram {
  entry: string;
  workflows: string;
  remove(): Promise<void>;
}

const ENTRY = fileURLToPath(new URL('worker-child.ts', import.meta.url));
/** Below `node_modules`, so that packages are found from there. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/holdfast-tests', import.meta.url));

const SHARED = 'HOLDFAST_TEST_WORKER';

/** Packages that are no modules of ECMAScript ask for Node's own by `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

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
    entry: join(folder, 'worker.mjs'),
    workflows: join(folder, 'workflows.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await bundle({
    entryPoints: [ENTRY],
    outfile: program.entry,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@temporalio/*'],
    banner: { js: REQUIRE },
    logLevel: 'error',
  });
  await writeFile(program.workflows, await workflowBundle());
  return program;
}
