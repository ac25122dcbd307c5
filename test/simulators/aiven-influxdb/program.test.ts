import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { QUIET } from './switches.ts';

describe('alone, as a program', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const node = ['--import', 'tsx', main];

  test('says where it answers, and obeys other processes', async () => {
    const args = [...node, '--project', 'alone', '--switch', 'pendingPolls=0'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const server = JSON.parse(line.toString()) as Record<
      'url' | 'downloadUrl' | 'project' | 'service' | 'token',
      string
    >;
    expect(server.project).toBe('alone');
    expect((await fetch(server.downloadUrl)).ok).toBe(false);
    const statusOf = async () => {
      const path = `/v1/project/alone/service/${server.service}`;
      const headers = { authorization: `aivenv1 ${server.token}` };
      return (await fetch(`${server.url}${path}`, { headers })).status;
    };
    const turn = (name: string) =>
      fetch(`${server.url}/__sim/switch`, { method: 'POST', body: JSON.stringify([name]) });
    expect(await statusOf()).toBe(200);
    expect(await (await turn('internalError=1')).json()).toMatchObject({ internalError: 1 });
    expect([await statusOf(), await statusOf()]).toEqual([500, 200]);
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
