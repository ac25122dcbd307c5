import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
let folder: TemporaryFolder;
let demo: ChildProcess;
let output = '';

beforeAll(async () => {
  folder = await temporaryFolder('demo');
  demo = spawn(process.execPath, [tsx, join(root, 'infra', 'demo', 'main.ts'), '--real'], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [demo.stdout, demo.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const up = () => output.includes('Everything stays up until Ctrl-C.');
  await vi.waitUntil(() => up() || demo.exitCode !== null, { timeout: 1_000_000, interval: 200 });
  if (!up()) throw new Error(output);
}, 1_200_000);
afterAll(async () => {
  if (demo?.exitCode === null && demo.kill('SIGINT')) await once(demo, 'exit');
  await folder?.remove();
});

it('the demo with real servers gets everything back, and says so', () => {
  expect(output).toContain('InfluxDB 2, a real influxd');
  expect(output).toContain('S3, a real versitygw');
  expect(output).toContain('it knows no such bucket any more');
  expect(output).toContain('87,600 of 87,600 values, all equal');
});

it('the address of the UI that it names answers', async () => {
  const [, address = ''] = /the runs +(\S+)/.exec(output) ?? [];
  const page = await fetch(address);
  expect(page.status).toBe(200);
  expect(await page.text()).toMatch(/^<!doctype html>/i);
});

it('the commands that it names next do what they should', async () => {
  const [, config = ''] = /export HOLDFAST_CONFIG=(\S+)/.exec(output) ?? [];
  const named = [...output.matchAll(/npm run -s holdfast -- (.+)$/gm)].map(([, words]) =>
    (words ?? '').trim().split(' '),
  );
  expect(named.map(([verb]) => verb)).toEqual(['show', 'verify', 'backup']);
  for (const words of named) {
    const args = [tsx, join(root, 'client', 'main.ts'), ...words];
    const env = { ...process.env, HOLDFAST_CONFIG: config };
    // Rejects unless it exits with 0.
    await promisify(execFile)(process.execPath, args, { cwd: folder.path, env });
  }
});

it('Ctrl-C ends all of it', async () => {
  demo.kill('SIGINT');
  expect(await once(demo, 'exit')).toEqual([0, null]);
});
