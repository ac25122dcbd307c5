import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

const BUNDLE = fileURLToPath(new URL('../workflows/bundle.js', import.meta.url));

/** The bundle that the build made; from source, the folder, which the SDK bundles itself. */
export function workflowSource(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  if (existsSync(BUNDLE)) return { workflowBundle: { codePath: BUNDLE } };
  return { workflowsPath: fileURLToPath(new URL('../workflows', import.meta.url)) };
}
