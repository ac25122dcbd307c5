import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
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

/** Packages that are no modules of ECMAScript ask for Node's own by `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

export async function buildWorkerProgram(): Promise<WorkerProgram> {
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'worker-'));
  const program = {
    entry: join(folder, 'worker.mjs'),
    workflows: join(folder, 'workflows.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  await build({
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
