import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { products } from '../activities/products/registry.ts';
import { bundleWorkflows } from '../worker/bundle-workflows.ts';
import { sourceFiles } from './support/source-files.ts';

// Which folder may import which is the business of lint: lint-rules.test.ts.

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (...path: string[]) => join(root, ...path);
const tracked = sourceFiles(root);

describe('a product', () => {
  const folders = readdirSync(inRoot('activities/products'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);

  it('has a folder of its own for each line of the registry, under the same name', () => {
    const names = products.map((product) => product.name);
    expect(folders.toSorted()).toEqual(names.toSorted());
  });

  it.each(products)('consists of the standard files: $name', (product) => {
    const own =
      product.kind === 'delegated'
        ? ['backup-jobs.ts', 'restore-jobs.ts']
        : ['restore-sink.ts', ...(product.restoreOnly ? [] : ['backup-source.ts'])];
    const standard = ['README.md', 'index.ts', 'config.ts', 'client.ts', 'preflight.ts', ...own];
    const files = readdirSync(inRoot('activities/products', product.name));
    expect(
      standard.filter((file) => !files.includes(file)),
      'missing',
    ).toEqual([]);
  });

  const destinations = products.flatMap((product) =>
    product.kind === 'streamed' && product.restoreOnly ? [product] : [],
  );
  const backedUp = folders.filter((name) => !destinations.some((one) => one.name === name));
  /** Source and destination are different products: they are tested as a pair, and against the real server. */
  const paired = destinations.flatMap(({ name, takes = [] }) => [name, ...takes]);

  it.each(backedUp)('has a simulator that also runs alone: %s', (product) => {
    expect(existsSync(inRoot('test/simulators', product, 'index.ts'))).toBe(true);
    expect(existsSync(inRoot('test/simulators', product, 'main.ts'))).toBe(true);
  });

  it.each(paired)('has tests of its own where it is one of a pair: %s', (product) => {
    expect(existsSync(inRoot('test', product))).toBe(true);
  });

  const alone = folders.filter((name) => !paired.includes(name));

  it.each(alone)('has a test that calls the shared suite: %s', (product) => {
    const path = inRoot('test/products', `${product}.test.ts`);
    expect(existsSync(path), `${path} exists`).toBe(true);
    expect(readFileSync(path, 'utf8')).toMatch(/describe(Delegated)?Product\(/);
  });
});

describe('the workflows', () => {
  it('bundle without Node, zod or anything of the other folders', async () => {
    const code = await bundleWorkflows(inRoot('workflows'));
    const modules = [...code.matchAll(/^ {2}!\*\*\* (\S+)/gm)].map((match) => match[1] ?? '');
    expect(modules.length).toBeGreaterThan(10);
    expect(modules.filter((path) => /zod|\/activities\/|\/worker\/(?!lib)/.test(path))).toEqual([]);
  });
});

describe('the dependencies', () => {
  it('hold one copy of protobufjs for all of @temporalio: with two, replaying a history fails', () => {
    const scope = inRoot('node_modules/@temporalio');
    const copies = readdirSync(scope).map((name) =>
      createRequire(join(scope, name, 'package.json')).resolve('protobufjs'),
    );
    expect(new Set(copies).size).toBe(1);
  });

  it('stand in the lock file for every platform: `npm ci` refuses one that lacks any', () => {
    const { packages } = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const wanted = Object.values(packages).flatMap((one) =>
      Object.keys(one.optionalDependencies ?? {}),
    );
    const locked = Object.keys(packages);
    const missing = wanted.filter(
      (name) => !locked.some((path) => path.endsWith(`node_modules/${name}`)),
    );
    expect(missing).toEqual([]);
  });

  it('hold every @temporalio package at one exact version', () => {
    const { dependencies } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const versions = Object.entries(dependencies)
      .filter(([name]) => name.startsWith('@temporalio/'))
      .map(([, version]) => version);
    expect([...new Set(versions)]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  });
});

describe('the files', () => {
  const lines = (path: string) => readFileSync(inRoot(path), 'utf8').split('\n').length - 1;
  const production = tracked.filter((path) =>
    /^(workflows|activities|worker|client|infra)\/.*\.ts$/.test(path),
  );

  it('are found without git, too: nothing is missing then', () => {
    const walked = sourceFiles(root, 'no-such-program');
    expect(tracked.filter((path) => !walked.includes(path))).toEqual([]);
    expect(walked.filter((path) => /^(node_modules|dist|\.git)\//.test(path))).toEqual([]);
  });

  it('are none over 400 lines', () => {
    const long = tracked.filter((path) => path.endsWith('.ts') && lines(path) > 400);
    expect(long).toEqual([]);
  });

  it('of production have a median below 100 lines', () => {
    const sizes = production.map(lines).toSorted((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThan(100);
  });

  it('bear names in kebab case, none of which could mean anything', () => {
    const named = tracked.filter((path) => path.endsWith('.ts'));
    const badly = named.filter((path) => !/^([a-z0-9.-]+\/)*[a-z0-9.-]+$/.test(path));
    const vaguely = named.filter((path) =>
      /\/(utils?|helpers?|common|misc|manager|service)\.ts$/.test(path),
    );
    expect([...badly, ...vaguely]).toEqual([]);
  });

  it('hold nothing of the machine they were written on', () => {
    // In parts, so that this file does not find itself.
    const forbidden = [
      ['/ro', 'ot/'],
      ['/Us', 'ers/'],
      ['/wo', 'rk/main'],
      ['/wo', 'rk/shared'],
      ['/tmp/', 'tools'],
      ['registry.', 'npm'],
      ['proxy.', 'golang'],
      ['sum.', 'golang'],
      ['"resol', 'ved":'],
    ].map((parts) => parts.join(''));
    // One that is no more than `/` or `/tmp` stands everywhere.
    const home = homedir().split('/').filter(Boolean);
    if (home.length > 1) forbidden.push(`/${home.join('/')}/`);
    const found = tracked.flatMap((path) => {
      const text = readFileSync(inRoot(path), 'utf8');
      if (text.includes('\0')) return [];
      return forbidden.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
    });
    expect(found).toEqual([]);
  });

  it('import their TypeScript by its own extension', () => {
    const wrong = tracked
      .filter((path) => path.endsWith('.ts'))
      .filter((path) => /from '\.[^']*\.js'/.test(readFileSync(inRoot(path), 'utf8')));
    expect(wrong).toEqual([]);
  });
});
