import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileProgram } from './compiled-program.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRY = fileURLToPath(new URL('command-child.ts', import.meta.url));
const SHARED = 'HOLDFAST_TEST_COMMAND';

/**
 * Compiles the command once for all files of a run: started from its source, each of its hundreds of starts would compile
 * it anew. What it finds beside itself as a package is beside it here, too. Returns what removes it.
 * @param workflows path of the bundled workflows
 */
export async function shareCommandBundle(workflows: string): Promise<() => Promise<void>> {
  const folder = await temporaryFolder('command');
  const inside = (...names: string[]) => join(folder.path, ...names);
  for (const name of ['node_modules', 'infra', 'package.json']) {
    await symlink(join(ROOT, name), inside(name));
  }
  await mkdir(inside('workflows'));
  await copyFile(workflows, inside('workflows', 'bundle.js'));
  await mkdir(inside('command'));
  await compileProgram(ENTRY, inside('command', 'main.cjs'), {
    external: ['@temporalio/worker', 'esbuild', 'tsx'],
    trial: ['--help'],
  });
  process.env[SHARED] = inside('command', 'main.cjs');
  return () => folder.remove();
}

/** What Node is given to run the command: the shared bundle; where nobody made one, the source. */
export function commandForNode(): string[] {
  const shared = process.env[SHARED];
  return shared === undefined ? ['--import', 'tsx', join(ROOT, 'client', 'main.ts')] : [shared];
}
