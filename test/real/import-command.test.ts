import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../client/command.ts';
import { startHoldfast, type Holdfast } from '../support/holdfast.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { BEGIN, influx, points, startInfluxd, TOKEN, type InfluxServer } from './influxd.ts';

describe('holdfast import', () => {
  let source: InfluxServer;
  let folder: TemporaryFolder;
  let official: string;
  let holdfast: Holdfast;
  const env = () => ({ HOLDFAST_CONFIG: holdfast.configPath, IMPORT_TOKEN: TOKEN });

  beforeAll(async () => {
    source = await startInfluxd();
    await source.createBucket('telemetry');
    await source.write('telemetry', points(3, ['a', 'b'], 50));
    folder = await temporaryFolder('import-command');
    official = join(folder.path, 'official');
    await influx(source, ['backup', official]);
    process.env['IMPORT_TOKEN'] = TOKEN;
    holdfast = await startHoldfast({
      address: inject('temporalAddress'),
      config: {
        stores: { disk: { type: 'directory', path: 'store' } },
        targets: {
          metrics: {
            product: 'influxdb-v2',
            connection: { url: source.url, token: { env: 'IMPORT_TOKEN' } },
            store: 'disk',
          },
        },
      },
    });
    await mkdir(join(holdfast.folder, 'store'));
  });

  afterAll(async () => {
    await holdfast?.stop();
    await folder?.remove();
    await source?.stop();
  });

  it('takes in what influx backup wrote, once, and a restore brings it back', async () => {
    const imported = await run(['import', official, '--target', 'metrics', '--json'], {
      env: env(),
    });
    expect(imported.stderr).toBe('');
    expect(imported.code).toBe(0);
    expect(imported.result).toMatchObject({ target: 'metrics', store: 'disk', already: false });
    const backup = String(imported.result['backup']);

    const again = await run(['import', official, '--target', 'metrics', '--json'], { env: env() });
    expect(again.result).toMatchObject({ backup, already: true });
    expect(await readdir(join(holdfast.folder, 'store', 'metrics'))).toEqual([backup]);

    const verified = await holdfast.run('verify', { target: 'metrics', depth: 'deep' });
    expect(verified).toMatchObject({ backup, ok: true, findings: [] });

    // What was written since must not come back: only the import is restored.
    await source.write('telemetry', [`m,host=c v=1 ${BEGIN}`]);
    const report = await holdfast.run('restore', {
      target: 'metrics',
      select: { buckets: ['telemetry'] },
      rename: { telemetry: 'recovered' },
    });
    expect(report).toMatchObject({
      restored: ['acme/recovered'],
      plan: { backup },
      proof: { identical: 3, equivalent: 0 },
    });
    expect(await source.count('recovered')).toBe(300);
  });

  it('says in one sentence when there is nothing to take in', async () => {
    const { code, result } = await run(
      ['import', holdfast.folder, '--target', 'metrics', '--json'],
      { env: env() },
    );
    expect(code).toBe(2);
    expect(result).toMatchObject({ error: { code: 'INPUT_INVALID' } });
  });
});
