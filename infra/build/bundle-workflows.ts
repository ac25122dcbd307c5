import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows } from '../../worker/bundle-workflows.ts';

/** Bundles the emitted workflows, so that a worker starts without a bundler and every worker runs the same code. */
const folder = fileURLToPath(new URL('../../dist/workflows', import.meta.url));
const code = await bundleWorkflows(folder);
await writeFile(`${folder}/bundle.js`, code);
console.log(`dist/workflows/bundle.js: ${Math.round(code.length / 1024)} KiB`);
