import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { callInflux, contentsOf, countPoints, writeLines } from '../../support/influx.ts';
import { readColumns } from './bytes/tsm-file.ts';
import { generatedBytes } from './generated-shard.ts';
import { startInfluxSimulator } from './index.ts';
import { parseSwitch, QUIET, strikes, type Switches } from './switches.ts';

describe('a generated shard', () => {
  test.each([512, 4096, 20_001, (3 << 20) + 7])('has exactly %d bytes, all valid', async (size) => {
    const file = await generatedBytes('seed', size, 1_600_000_000_000_000_000n).read();
    expect(file.length).toBe(size);
    const columns = [...readColumns(file).values()];
    expect(columns.length).toBeGreaterThan(0);
    expect(columns.every(({ points }) => points.size >= 2)).toBe(true);
    const again = generatedBytes('seed', size, 1_600_000_000_000_000_000n);
    expect(file.equals(await again.read())).toBe(true);
    expect(file.equals(await generatedBytes('other', size, 0n).read())).toBe(false);
  });

  test('is uploaded to disk when it is large, and comes back the same', async () => {
    await using server = await startInfluxSimulator({
      generate: [{ shards: 1, shardBytes: 12 << 20 }],
    });
    const download = async (shard: number) => {
      const headers = { authorization: `Token ${server.token}`, 'accept-encoding': 'identity' };
      const answer = await fetch(`${server.url}/api/v2/backup/shards/${shard}`, { headers });
      return Buffer.from(await answer.arrayBuffer());
    };
    const tar = await download(1);
    server.generate({ bucket: 'other', shards: 1, shardBytes: 512 });
    const path = '/api/v2/restore/shards/2';
    expect((await callInflux(server, 'POST', path, Uint8Array.from(tar))).status).toBe(200);
    expect((await download(2)).subarray(512).equals(tar.subarray(512))).toBe(true);
    expect(await contentsOf(server, 'other')).toEqual(await contentsOf(server, 'telemetry'));
  });
});

describe('switches', () => {
  test('count down, choose shards, and are written as on the command line', () => {
    const switches: Switches = {
      ...QUIET,
      ...parseSwitch('shardCut=2'),
      ...parseSwitch('shardReset=@3,4'),
      ...parseSwitch('firstByteMs=50'),
      ...parseSwitch('unavailable'),
    };
    expect([1, 2, 3].map(() => strikes(switches, 'shardCut'))).toEqual([true, true, false]);
    expect([2, 3, 4].map((id) => strikes(switches, 'shardReset', id))).toEqual([false, true, true]);
    expect(switches.firstByteMs).toBe(50);
    expect(strikes(switches, 'unavailable')).toBe(true);
    expect(parseSwitch('unavailable=off')).toEqual({ unavailable: false });
    expect(() => parseSwitch('nonsense')).toThrow('There is no switch nonsense');
  });

  test('are quiet again after `calm`, and data come back after `restart`', async () => {
    await using server = await startInfluxSimulator({ switches: { internalError: true } });
    expect((await callInflux(server, 'GET', '/health')).status).toBe(500);
    server.calm();
    await writeLines(server, 'telemetry', ['cpu v=1 1700000000']);
    await server.restart();
    expect(await countPoints(server, 'telemetry')).toEqual({ 'cpu v': 1 });
    expect(server.requests.map(({ path }) => path)).toContain('/health');
    expect(JSON.stringify(server.requests)).not.toContain(server.token);
  });

  test('`shrink` drops most of the data, as a source that was emptied', async () => {
    await using server = await startInfluxSimulator({
      generate: [{ shards: 10, shardBytes: 512 }],
    });
    await server.shrink(0.3);
    expect(server.state.shards.size).toBe(3);
  });
});

describe('alone, as a program', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const node = ['--import', 'tsx', main];

  test('says where it answers, and obeys other processes', async () => {
    const args = [...node, '--generate', '3x4096', '--switch', 'shardUnopened=1', '--org-token'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const server = JSON.parse(line.toString()) as { url: string; token: string; orgToken: string };
    const shard = () => callInflux(server, 'GET', '/api/v2/backup/shards/1');
    expect([(await shard()).status, (await shard()).status]).toEqual([404, 200]);
    await callInflux(server, 'POST', '/__sim/switch', ['unavailable=1']);
    expect([(await shard()).status, (await shard()).status]).toEqual([503, 200]);
    expect((await callInflux(server, 'POST', '/__sim/switch', ['wrong'])).status).toBe(400);
    const lesser = { url: server.url, token: server.orgToken };
    expect((await callInflux(lesser, 'GET', '/api/v2/backup/kv')).status).toBe(401);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  test('explains itself', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...node, '--help']);
    for (const name of Object.keys(QUIET)) expect(stdout).toContain(name);
  });
});
