import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows } from '../../worker/bundle-workflows.ts';
import { temporaryFolder } from './temporary-folder.ts';

const WORKFLOWS = fileURLToPath(new URL('../../workflows', import.meta.url));
const SHARED = 'HOLDFAST_TEST_WORKFLOWS';

/** Bundles the workflows once for all files of a run, which takes seconds. */
export async function shareWorkflowBundle(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await temporaryFolder('workflows');
  const path = join(folder.path, 'bundle.js');
  await writeFile(path, await bundleWorkflows(WORKFLOWS));
  process.env[SHARED] = path;
  return { path, remove: () => folder.remove() };
}

/** The shared bundle; where nobody made one, its own. */
export async function workflowBundle(): Promise<string> {
  const shared = process.env[SHARED];
  return shared === undefined ? bundleWorkflows(WORKFLOWS) : readFile(shared, 'utf8');
}
