import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openConnection } from '../../client/temporal/open-connection.ts';
import { otherVerbsRemark } from '../../client/dev/other-verbs.ts';
import { freePort } from '../support/free-port.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { run, start, type Running } from './command.ts';
import { hasTerminals, startInTerminal } from './in-terminal.ts';

let folder: TemporaryFolder;
let source: InfluxSimulator;
let port: number;
let uiPort: number;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await temporaryFolder('dev');
  source = await startInfluxSimulator({});
  port = await freePort();
  uiPort = await freePort();
  await mkdir(join(folder.path, 'backups'));
  const config = join(folder.path, 'holdfast.yaml');
  await writeFile(
    config,
    'stores: { disk: { type: directory, path: ./backups } }\n' +
      `targets: { metrics: { product: influxdb-v2, connection: { url: "${source.url}", token: { env: T } }, store: disk, schedule: { cron: "@yearly" }, taskQueue: near } }\n`,
  );
  env = {
    HOLDFAST_CONFIG: config,
    TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    T: source.token,
  };
});
afterEach(async () => {
  for (const dev of started) dev.kill('SIGINT');
  await Promise.all(started.map((dev) => dev.ended));
});
afterAll(async () => {
  await source?.stop();
  await folder?.remove();
});

const started: Running[] = [];

function startDev(state = 'state', onPort = port, onUiPort = uiPort): Running {
  const ports = ['--port', `${onPort}`, '--ui-port', `${onUiPort}`];
  const dev = start(['dev', '--state', join(folder.path, state), ...ports], { env });
  started.push(dev);
  return dev;
}

async function ready(dev: Running): Promise<void> {
  await expect
    .poll(() => dev.stderr(), { timeout: 400_000, interval: 200 })
    .toMatch(/worker on task queue near/);
}

async function stop(dev: Running): Promise<void> {
  dev.kill('SIGINT');
  const { code, stderr } = await dev.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/stopped\n$/);
  await expect(fetch(`http://127.0.0.1:${uiPort}`)).rejects.toThrow();
}

describe('what holdfast dev says of the other verbs', () => {
  const here = { address: '127.0.0.1:7233', namespace: 'default' };
  const remark = (environment: Record<string, string>, place = here, settings = {}) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    return otherVerbsRemark(settings, place);
  };
  beforeEach(() => {
    vi.stubEnv('TEMPORAL_ADDRESS', undefined);
    vi.stubEnv('TEMPORAL_NAMESPACE', undefined);
    vi.stubEnv('TEMPORAL_CONFIG_FILE', join(folder.path, 'none.toml'));
  });
  afterEach(() => void vi.unstubAllEnvs());

  it('is nothing where they find this server', async () => {
    expect(await remark({})).toBeUndefined();
    const other = { address: '127.0.0.1:17233', namespace: 'default' };
    expect(await remark({ TEMPORAL_ADDRESS: 'localhost:17233' }, other)).toBeUndefined();
  });

  it('is where they go, and how they would come here', async () => {
    expect(await remark({ TEMPORAL_ADDRESS: 'temporal.example.com:7233' })).toMatch(
      /go to the Temporal at temporal\.example\.com:7233, .*: export TEMPORAL_ADDRESS=127\.0\.0\.1:7233\.$/,
    );
    expect(
      await remark({ TEMPORAL_ADDRESS: here.address, TEMPORAL_NAMESPACE: 'production' }),
    ).toMatch(/namespace production, .*: export TEMPORAL_NAMESPACE=default\.$/);
    expect(await remark({}, here, { address: 'temporal.example.com:7233' })).toMatch(
      /the configuration names it \(`temporal\.address`\)\.$/,
    );
  });
});

// Two servers and a dozen processes, one after the other.
describe('holdfast dev', { timeout: 1_200_000 }, () => {
  it('runs Temporal, its UI and a worker, and remembers runs and schedules from one start to the next', async () => {
    const first = startDev();
    await ready(first);
    expect(first.stderr()).toContain(`UI at http://127.0.0.1:${uiPort}`);
    expect((await fetch(`http://127.0.0.1:${uiPort}`)).ok).toBe(true);
    const backup = await run(['backup', 'metrics', '--json'], { env });
    expect(backup.code, backup.stdout).toBe(0);
    const connection = await openConnection({ address: `127.0.0.1:${port}` });
    const kept = await connection.workflowService.describeNamespace({ namespace: 'default' });
    await connection.close();
    expect(Number(kept.config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 3600);
    expect(first.stderr()).toMatch(
      /^The schedule of metrics is not in Temporal as .*`holdfast schedule apply`/m,
    );
    expect((await run(['schedule', 'apply', '--yes'], { env })).code).toBe(0);
    const onItsPort = await startDev('another-state').ended;
    expect(onItsPort.code).toBe(2);
    expect(onItsPort.stderr).toContain(`Port ${port} is taken by another program`);
    const onItsState = await startDev('state', await freePort(), await freePort()).ended;
    expect(onItsState.code).toBe(2);
    expect(onItsState.stderr).toMatch(
      /Another `holdfast dev` \(process \d+\) is at work with .*--state/s,
    );
    await stop(first);

    const state = join(folder.path, 'state');
    expect((await readdir(state)).filter((name) => name.endsWith('.db'))).toEqual([
      expect.stringMatching(/^temporal-\d+\.\d+\.\d+\.db$/),
    ]);
    expect((await stat(state)).mode & 0o777).toBe(0o700);

    const again = startDev();
    await ready(again);
    expect(again.stderr()).not.toContain('schedule apply');
    const status = await run(['status', '--json'], { env });
    expect(status.result).toMatchObject({
      runs: [{ workflowId: backup.result['workflowId'], status: 'COMPLETED', outcome: 'warned' }],
    });
    const schedules = await run(['schedule', 'list', '--json'], { env });
    expect(schedules.result).toMatchObject({ schedules: [{ target: 'metrics' }] });
    await stop(again);
  });

  it('begins afresh with another version of the server, applies the schedules and keeps the old file', async () => {
    const state = join(folder.path, 'other-state');
    const old = join(state, 'temporal-1.0.0.db');
    await mkdir(state, { mode: 0o700 });
    await writeFile(old, 'of another version');
    const dev = startDev('other-state');
    await ready(dev);
    expect(dev.stderr()).toContain(`begins with an empty database`);
    expect(dev.stderr()).toContain(`${old}. 1 schedule applied again; what was paused runs again.`);
    const schedules = await run(['schedule', 'list', '--json'], { env });
    expect(schedules.result).toMatchObject({ schedules: [{ target: 'metrics' }] });
    await stop(dev);
    expect((await stat(old)).size).toBe('of another version'.length);
  });

  it('leaves no Temporal behind when it is stopped while that one starts, and owes no schedule after the next start', async () => {
    const state = join(folder.path, 'early-state');
    await mkdir(state, { mode: 0o700 });
    await writeFile(join(state, 'temporal-1.0.0.db'), 'of another version');
    const dev = startDev('early-state');
    const pids = join(state, 'temporal.pid');
    const written = () => readFile(pids, 'utf8').catch(() => '');
    await expect.poll(written, { interval: 10 }).toContain('}');
    const { temporal } = JSON.parse(await written()) as { temporal: number };
    await stop(dev);
    expect(() => process.kill(temporal, 0)).toThrow('ESRCH');

    const next = startDev('early-state');
    await ready(next);
    // Temporal may have come up before the first one heard that it is to stop.
    const applied = [dev, next].filter((one) => one.stderr().includes('1 schedule applied again'));
    expect(applied).toHaveLength(1);
    const schedules = await run(['schedule', 'list', '--json'], { env });
    expect(schedules.result).toMatchObject({ schedules: [{ target: 'metrics' }] });
    await stop(next);
  });

  it('ends, and its Temporal with it, where it cannot keep its state', async () => {
    const pids = join(folder.path, 'unusable-state', 'temporal.pid');
    await mkdir(pids, { recursive: true });
    const { code, stderr } = await startDev('unusable-state').ended;
    expect(code).toBe(7);
    expect(stderr).toMatch(
      /^TEMPORAL_UNREACHABLE: .* its folder .*unusable-state cannot be used: /m,
    );
    await expect(fetch(`http://127.0.0.1:${uiPort}`)).rejects.toThrow();
  });

  it('ends the Temporal that a killed one left behind, and goes on with its state', async () => {
    const killed = startDev('state');
    await ready(killed);
    killed.kill('SIGKILL');
    await killed.ended;
    expect((await fetch(`http://127.0.0.1:${uiPort}`)).ok).toBe(true);

    const next = startDev('state');
    await ready(next);
    await stop(next);
  });

  it.skipIf(!hasTerminals)('ends in order when its terminal is closed', async () => {
    const state = join(folder.path, 'terminal-state');
    const ports = ['--port', `${port}`, '--ui-port', `${uiPort}`];
    const dev = startInTerminal(['dev', '--state', state, ...ports], env);
    await expect
      .poll(() => dev.screen(), { timeout: 400_000, interval: 200 })
      .toMatch(/worker on task queue near/);
    const text = await readFile(join(state, 'temporal.pid'), 'utf8');
    const pids = Object.values(JSON.parse(text) as Record<'dev' | 'temporal', number>);
    try {
      dev.close();
      // Both are gone, and it has said so: it forgets its Temporal only after it has seen it end.
      const alive = () => pids.filter(isAlive);
      await expect.poll(alive, { timeout: 60_000 }).toEqual([]);
      expect(await readdir(state)).not.toContain('temporal.pid');
    } finally {
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
