import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Bundles the emitted workflows, so that a worker starts without a bundler and every worker runs the same code. */
const workflowsPath = fileURLToPath(new URL('../../dist/workflows', import.meta.url));
const output = `${workflowsPath}/bundle.js`;
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
await writeFile(output, code);
console.log(`dist/workflows/bundle.js: ${Math.round(code.length / 1024)} KiB`);
