import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { endOrphan } from '../../client/dev/orphan.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const WAITS = 'setInterval(() => undefined, 1000); console.log(process.pid)';
let folder: TemporaryFolder;
let pids: string;
let database: string;
let gone: number;
const started: ChildProcess[] = [];

beforeAll(async () => {
  folder = await temporaryFolder('orphan');
  pids = join(folder.path, 'temporal.pid');
  database = join(folder.path, 'temporal-1.0.0.db');
  const ended = spawn(process.execPath, ['--version']);
  await once(ended, 'exit');
  gone = ended.pid ?? 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const child of started.splice(0)) child.kill('SIGKILL');
});
afterAll(() => folder?.remove());

/** Starts a program that prints the id of what stands for Temporal, and writes down that one as left by a dead `dev`. */
async function leftBehind(command: string, args: string[], dev = gone): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  await writeFile(pids, JSON.stringify({ dev, temporal: Number(String(line)) }));
  return child;
}

describe.skipIf(!existsSync('/proc/self/cmdline'))('a Temporal that was left behind', () => {
  it('is ended, also on a machine without `ps`', async () => {
    const temporal = await leftBehind(process.execPath, ['-e', WAITS, database]);
    const ended = once(temporal, 'exit');
    vi.stubEnv('PATH', folder.path);
    expect(await endOrphan(pids, database)).toBe(true);
    expect((await ended)[1]).toBe('SIGTERM');
  });

  it('is gone when it has ended, though nobody reaps it', async () => {
    // `sleep` takes the place of the shell, and asks nobody how its children ended.
    const script = '"$0" -e "$1" "$2" & exec sleep 600';
    await leftBehind('/bin/sh', ['-c', script, process.execPath, WAITS, database]);
    expect(await endOrphan(pids, database)).toBe(true);
  });

  it('is in use while its `holdfast dev` is at work', async () => {
    const temporal = await leftBehind(process.execPath, ['-e', WAITS, database], process.pid);
    await expect(endOrphan(pids, database)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(temporal.exitCode ?? temporal.signalCode).toBeNull();
  });

  it('is another program when its database is another one', async () => {
    const other = await leftBehind(process.execPath, ['-e', WAITS, `${database}.other`]);
    expect(await endOrphan(pids, `${database}.this`)).toBe(false);
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });
});
