import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTool } from '../../infra/tools/find-tool.ts';
import { runCommand, type CommandResult } from '../../infra/tools/run-command.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the demo, on a machine with nothing but Temporal', () => {
  let folder: TemporaryFolder;
  let result: CommandResult;

  beforeAll(async () => {
    folder = await temporaryFolder('demo');
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      HOLDFAST_TEMPORAL: await findTool('temporal'),
      PATH: '/usr/bin:/bin',
      XDG_CACHE_HOME: join(folder.path, 'cache'),
    };
    delete env['HOLDFAST_INFLUXD'];
    delete env['HOLDFAST_VERSITYGW'];
    const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
    const demo = join(root, 'infra', 'demo', 'main.ts');
    result = await runCommand(process.execPath, [tsx, demo, '--exit'], {
      cwd: folder.path,
      env,
    });
  }, 600_000);
  afterAll(() => folder.remove());

  it('gets everything back, and says so', () => {
    expect(result.output).toContain('87,600 of 87,600 values, all equal');
    expect(result.output).toContain('it knows no such bucket any more');
    expect(result.exitCode).toBe(0);
  });

  it('says that the database is simulated and that the store is a directory', () => {
    expect(result.output).toContain('InfluxDB 2, simulated');
    expect(result.output).toContain('a directory');
  });

  it('names a folder that holds a backup, and a configuration without secrets', async () => {
    const [, backup = ''] = /the backup +(\S+)/.exec(result.output) ?? [];
    expect(await readdir(join(folder.path, backup))).toContain('backup.json');
    const config = await readFile(join(folder.path, '.holdfast', 'demo', 'holdfast.yaml'), 'utf8');
    const token = await readFile(join(folder.path, '.holdfast', 'demo', 'influx-token'), 'utf8');
    expect(token).not.toBe('');
    expect(config).not.toContain(token);
  });
});
