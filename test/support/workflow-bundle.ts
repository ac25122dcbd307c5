import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { temporaryFolder } from './temporary-folder.ts';

/** Bundles the workflows once, for all worker processes of a test file. */
export async function workflowBundle(): Promise<{ path: string; remove(): Promise<void> }> {
  const workflowsPath = fileURLToPath(new URL('../../workflows', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const folder = await temporaryFolder('bundle');
  const path = join(folder.path, 'workflows.js');
  await writeFile(path, code);
  return { path, remove: () => folder.remove() };
}
