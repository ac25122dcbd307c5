import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { build, type Plugin } from 'esbuild';

/**
 * Bundles a program of which hundreds of processes are started, and keeps beside it what V8 made of its text: to read and
 * compile the SDK would be most of what such a process does.
 * @param entry a module that is run for its effects
 * @param outfile path of the program, `….cjs`
 * @param options.external packages that are looked up from `outfile`
 * @param options.trial arguments with which it ends by itself, with exit code 0
 */
export async function compileProgram(
  entry: string,
  outfile: string,
  options: { external?: string[]; plugins?: Plugin[]; trial?: string[] },
): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile: `${outfile}.text`,
    bundle: true,
    keepNames: true,
    minifyWhitespace: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { 'import.meta.url': '__url' },
    // They find files of their own beside themselves.
    external: ['@temporalio/core-bridge', 'source-map', ...(options.external ?? [])],
    plugins: options.plugins ?? [],
    logLevel: 'error',
  });
  await writeFile(outfile, LAUNCHER);
  const trial = spawn(process.execPath, [outfile, ...(options.trial ?? [])], { stdio: 'ignore' });
  const [code] = (await once(trial, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${entry} does not run once it is compiled: exit code ${code}.`);
}

/** Its first run, the trial, leaves what was compiled for those that follow. */
const LAUNCHER = `
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { pathToFileURL } = require('node:url');
const { Script } = require('node:vm');
const compiled = __filename + '.compiled';
const script = new Script(
  '(function (exports, require, module, __filename, __dirname, __url) {' +
    readFileSync(__filename + '.text', 'utf8') + '\\n})',
  { filename: __filename, ...(existsSync(compiled) && { cachedData: readFileSync(compiled) }) },
);
if (!existsSync(compiled)) {
  process.once('exit', () => writeFileSync(compiled, script.createCachedData()));
}
script.runInThisContext()(exports, require, module, __filename, __dirname, pathToFileURL(__filename).href);
`;
