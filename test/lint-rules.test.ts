import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, type TemporaryFolder } from './support/temporary-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each rule forbids, by an example. The last column is a part of the reason that the developer reads. */
const FORBIDDEN: [title: string, file: string, code: string, rule: string, reason?: string][] = [
  [
    'a workflow that imports Node',
    'workflows/reads-disk.ts',
    `import { readFile } from 'node:fs/promises';\nexport const read = readFile;`,
    'no-restricted-imports',
    'replayed in a sandbox',
  ],
  [
    'a workflow that imports an activity',
    'workflows/calls-directly.ts',
    `import { x } from '../activities/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'replayed in a sandbox',
  ],
  [
    'a workflow that imports the worker package, even its types',
    'workflows/knows-worker.ts',
    `import type { Worker } from '@temporalio/worker';\nexport type W = Worker;`,
    'no-restricted-imports',
    'replayed in a sandbox',
  ],
  [
    'a contract that imports a package',
    'workflows/contract/bound.ts',
    `import { z } from 'zod';\nexport const y = z;`,
    'no-restricted-imports',
    'imports nothing',
  ],
  [
    'a contract that imports the workflows',
    'workflows/contract/inward.ts',
    `import { x } from '../x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'imports nothing',
  ],
  [
    'an activity that imports workflow code',
    'activities/runs-workflow.ts',
    `import { backup } from '../workflows/backup.ts';\nexport const y = backup;`,
    'no-restricted-imports',
    'Only the contract is shared',
  ],
  [
    'an activity that imports the worker',
    'activities/backup/knows-worker.ts',
    `import { x } from '../../worker/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'passed to createActivities',
  ],
  [
    'an activity that imports the worker package',
    'activities/makes-worker.ts',
    `import { Worker } from '@temporalio/worker';\nexport const y = Worker;`,
    'no-restricted-imports',
    'composed in worker/',
  ],
  [
    'production code that imports a test',
    'activities/uses-test.ts',
    `import { x } from '../test/support/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'nothing from test/',
  ],
  [
    'the worker importing a test',
    'worker/uses-test.ts',
    `import { x } from '../test/support/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'nothing from test/',
  ],
  [
    'the command importing a test',
    'client/verbs/uses-test.ts',
    `import { x } from '../../test/support/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'nothing from test/',
  ],
  [
    'the tools importing a test',
    'infra/tools/uses-test.ts',
    `import { x } from '../../test/support/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'nothing from test/',
  ],
  [
    'a product that imports another',
    'activities/products/one/copies.ts',
    `import { x } from '../two/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'never import each other',
  ],
  [
    'a part of a product that imports another product',
    'activities/products/one/parts/copies.ts',
    `import { x } from '../../two/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'never import each other',
  ],
  [
    'a product that imports a concrete store',
    'activities/products/one/stores.ts',
    `import { x } from '../../stores/s3/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'Products know no store',
  ],
  [
    'a part of a product that opens a store',
    'activities/products/one/parts/stores.ts',
    `import { x } from '../../../stores/open-store.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'Products know no store',
  ],
  [
    'a store that knows what it keeps',
    'activities/stores/s3/knows.ts',
    `import { x } from '../../catalog/manifest.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'knows nothing of what they mean',
  ],
  [
    'a pipeline for one product',
    'activities/pipeline/knows.ts',
    `import { x } from '../products/one/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'any product',
  ],
  [
    'the worker importing the command',
    'worker/knows-command.ts',
    `import { x } from '../client/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'without the command',
  ],
  [
    'the command importing a product',
    'client/knows-product.ts',
    `import { x } from '../activities/products/one/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'through their registry only',
  ],
  [
    'the command importing a concrete store',
    'client/knows-store.ts',
    `import { x } from '../activities/stores/s3/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'by the configuration',
  ],
  [
    'the command importing workflow code',
    'client/knows-workflow.ts',
    `import { backup } from '../workflows/backup.ts';\nexport const y = backup;`,
    'no-restricted-imports',
    'Only the contract is shared',
  ],
  [
    'a simulator that shares code with the adapter',
    'test/simulators/one/shares.ts',
    `import { x } from '../../../activities/products/one/x.ts';\nexport const y = x;`,
    'no-restricted-imports',
    'share its mistakes',
  ],
  [
    'a promise that nobody waits for',
    'workflows/floats.ts',
    `const wait = () => Promise.resolve();\nexport function start(): void {\n  wait();\n}`,
    'no-floating-promises',
  ],
  ['any', 'activities/loose.ts', `export const x: any = 1;`, 'no-explicit-any'],
  [
    'a type imported as a value',
    'activities/type.ts',
    `import { T } from './t.ts';\nexport type U = T;`,
    'consistent-type-imports',
  ],
  ['a file over 400 lines', 'activities/long.ts', 'export {};\n'.repeat(401), 'max-lines'],
  [
    'a cycle',
    'activities/hen.ts',
    `import { egg } from './egg.ts';\nexport const hen = () => egg;`,
    'no-cycle',
  ],
  [
    'its other half',
    'activities/egg.ts',
    `import { hen } from './hen.ts';\nexport const egg = () => hen;`,
    'no-cycle',
  ],
  [
    'a circle of types in what is shipped',
    'activities/cart.ts',
    `import type { Horse } from './horse.ts';\nexport interface Cart {\n  horse: Horse;\n}`,
    'no-cycle',
  ],
  [
    'the other half of it',
    'activities/horse.ts',
    `import type { Cart } from './cart.ts';\nexport interface Horse {\n  cart: Cart;\n}`,
    'no-cycle',
  ],
  [
    'a function that nobody can take in at a glance',
    'activities/endless.ts',
    `export function endless(n: number): number {\n${'  n.toFixed();\n'.repeat(60)}  return n;\n}`,
    'max-lines-per-function',
  ],
  [
    'a function that wants to be told everything',
    'activities/curious.ts',
    'export const curious = (a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1) => [a, b, c, d, e, f, g];',
    'max-params',
  ],
  [
    'a function with too many ways through it',
    'activities/labyrinth.ts',
    `export const labyrinth = (n: number) => ${Array.from({ length: 21 }, (_, way) => `n === ${way}`).join(' || ')};`,
    'complexity',
  ],
];

const ALLOWED: [title: string, file: string, code: string][] = [
  [
    'a workflow using Temporal and the contract',
    'workflows/good.ts',
    `import { sleep } from '@temporalio/workflow';\nimport { x } from './contract/x.ts';\nexport const y = [sleep, x];`,
  ],
  [
    'a product using the interface and the pipeline',
    'activities/products/one/good.ts',
    `import { p } from '../product.ts';\nimport { q } from '../../pipeline/q.ts';\nimport { r } from '../../../workflows/contract/r.ts';\nexport const y = [p, q, r];`,
  ],
  [
    'the command using registry, stores and tools',
    'client/good.ts',
    `import { p } from '../activities/products/registry.ts';\nimport { s } from '../activities/stores/open-store.ts';\nimport { f } from '../infra/tools/find-tool.ts';\nexport const y = [p, s, f];`,
  ],
];

interface Diagnostic {
  code: string;
  help?: string;
  filename: string;
}

describe('the lint rules', () => {
  let folder: TemporaryFolder;
  let diagnostics: Diagnostic[];

  beforeAll(async () => {
    folder = await temporaryFolder('lint');
    await copyFile(join(root, '.oxlintrc.json'), join(folder.path, '.oxlintrc.json'));
    await writeFile(
      join(folder.path, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { strict: true, types: [] } }),
    );
    for (const [, file, code] of [...FORBIDDEN, ...ALLOWED]) {
      const path = join(folder.path, file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, `${code}\n`);
    }
    diagnostics = await lint(folder.path);
  });
  afterAll(() => folder.remove());

  it.each(FORBIDDEN)('forbid %s', (_title, file, _code, rule, reason) => {
    const found = diagnostics.filter(
      (one) => one.filename === file && one.code.includes(`(${rule})`),
    );
    expect(found.map((one) => one.code)).not.toEqual([]);
    if (reason) expect(found.map((one) => one.help).join()).toContain(reason);
  });

  it.each(ALLOWED)('allow %s', (_title, file) => {
    expect(diagnostics.filter((one) => one.filename === file)).toEqual([]);
  });
});

function lint(folder: string): Promise<Diagnostic[]> {
  const executable = join(root, 'node_modules', '.bin', 'oxlint');
  return new Promise((resolve, reject) => {
    execFile(
      executable,
      ['--type-aware', '--format=json'],
      { cwd: folder, maxBuffer: 32 * 1024 * 1024 },
      (_error, stdout, stderr) => {
        try {
          resolve((JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics);
        } catch {
          reject(new Error(`oxlint did not answer in JSON: ${stdout}${stderr}`));
        }
      },
    );
  });
}
