import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callWeaviate } from '../../support/weaviate-data.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { QUIET } from './switches.ts';

describe('alone, as a program', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const node = ['--import', 'tsx', main];

  test('says where its nodes answer, and obeys other processes', async () => {
    const folder = await temporaryFolder('storage');
    const args = [...node, '--storage', folder.path, '--nodes', '2', '--key', 'a-key'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await folder.remove();
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { url, urls } = JSON.parse(line.toString()) as { url: string; urls: object };
    expect(Object.keys(urls)).toEqual(['node1', 'node2']);
    const statusOf = async (apiKey?: string) =>
      (await callWeaviate({ url, apiKey }, 'GET', '/schema')).status;
    const turn = (name: string) =>
      fetch(`${url}/__sim/switch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([name]),
      });
    expect([await statusOf(), await statusOf('a-key')]).toEqual([401, 200]);
    expect((await turn('unavailable=1')).status).toBe(200);
    expect([await statusOf('a-key'), await statusOf('a-key')]).toEqual([503, 200]);
    expect((await turn('wrong')).status).toBe(400);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  test('explains itself', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...node, '--help']);
    for (const name of Object.keys(QUIET)) expect(stdout).toContain(name);
  });
});
