import { execFile } from 'node:child_process';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleWorkflows } from '../worker/bundle-workflows.ts';

/** Below node_modules, so that what is compiled finds its dependencies and nobody takes it for a release. */
const OUTPUT = fileURLToPath(new URL('../node_modules/.cache/holdfast-bench', import.meta.url));

/**
 * Compiles what is measured as a release is compiled: a loader of TypeScript or a bundler in the worker's process would
 * be measured with it.
 * @returns the folder that mirrors the repository
 */
export async function build(): Promise<string> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  await rm(OUTPUT, { recursive: true, force: true });
  await promisify(execFile)(
    process.execPath,
    [join(typescript, 'bin', 'tsc'), '-p', join(root, 'bench/tsconfig.json'), '--noCheck'],
    { cwd: root },
  );
  await copyFile(join(root, 'package.json'), join(OUTPUT, 'package.json'));
  const workflows = join(OUTPUT, 'workflows');
  await writeFile(join(workflows, 'bundle.js'), await bundleWorkflows(workflows));
  return OUTPUT;
}
