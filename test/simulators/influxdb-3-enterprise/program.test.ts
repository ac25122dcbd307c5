import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { callerOf } from './calls.ts';
import { startEnterpriseSimulator } from './index.ts';
import { parseSwitch, QUIET, strikes, type Switches } from './switches.ts';

describe('switches', () => {
  test('count down, choose calls, and are written as on the command line', () => {
    const switches: Switches = {
      ...QUIET,
      ...parseSwitch('backupFails=2'),
      ...parseSwitch('answerLost=@startBackup,ping'),
      ...parseSwitch('backupMs=50'),
      ...parseSwitch('absence=openapi'),
      ...parseSwitch('leftovers=off'),
    };
    expect([1, 2, 3].map(() => strikes(switches, 'backupFails'))).toEqual([true, true, false]);
    expect(strikes(switches, 'answerLost', 'query')).toBe(false);
    expect(strikes(switches, 'answerLost', 'ping')).toBe(true);
    expect(switches).toMatchObject({ backupMs: 50, absence: 'openapi', leftovers: false });
    expect(() => parseSwitch('nonsense')).toThrow('There is no switch nonsense');
    expect(() => parseSwitch('absence=maybe')).toThrow('one of: prose, openapi');
  });

  test('strike any call', async () => {
    await using simulator = await startEnterpriseSimulator();
    const server = callerOf(simulator);
    const { switches } = simulator;
    for (const [name, status] of [
      ['unavailable', 503],
      ['internalError', 500],
      ['tooManyRequests', 429],
      ['tokenRevoked', 401],
    ] as const) {
      switches[name] = { at: ['listBackups'], times: 1 };
      expect((await server.listBackups()).status).toBe(status);
    }
    switches.connectionLost = 1;
    await expect(server.listBackups()).rejects.toThrow();
    expect((await server.listBackups()).status).toBe(200);
  });
});

describe('alone, as a program', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const node = ['--import', 'tsx', main];

  test('says where it answers, and obeys other processes', async () => {
    const args = [...node, '--nodes', 'compact,query', '--ballast', '3x100'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const server = JSON.parse(line.toString()) as { url: string; token: string; nodes: object[] };
    expect(server.nodes).toMatchObject([{ role: 'compact' }, { role: 'query' }]);
    const { call, listBackups } = callerOf(server);
    const turned = await call('POST', '/__sim/switch', ['unavailable=1']);
    expect(turned.json()).toMatchObject({ unavailable: 1 });
    expect([(await listBackups()).status, (await listBackups()).status]).toEqual([503, 200]);
    expect((await call('POST', '/__sim/switch', ['wrong'])).status).toBe(400);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  test('explains itself', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...node, '--help']);
    for (const name of Object.keys(QUIET)) expect(stdout).toContain(name);
  });
});
