import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { bundleWorkflows } from './bundle-workflows.ts';

const BUNDLE = fileURLToPath(new URL('../workflows/bundle.js', import.meta.url));
const SOURCE = fileURLToPath(new URL('../workflows', import.meta.url));

let bundled: Promise<string> | undefined;

/** The bundle that the build made; from source, one made now, once for all workers of the process. */
export async function workflowSource(): Promise<WorkflowBundleOption> {
  if (existsSync(BUNDLE)) return { codePath: BUNDLE };
  bundled ??= bundleWorkflows(SOURCE);
  return { code: await bundled };
}
