import { appendFile, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackupDirectory } from '../../activities/products/influxdb-v2/import-directory.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { connect, restore, takeBackup } from './adapter.ts';
import { first, influx, points, startInfluxd, type InfluxServer } from './influxd.ts';

describe('a directory that influx backup wrote', () => {
  let source: InfluxServer;
  let folder: TemporaryFolder;
  let dir: string;

  beforeAll(async () => {
    source = await startInfluxd();
    await source.createBucket('telemetry');
    await source.write('telemetry', points(3, ['a', 'b'], 50));
    folder = await temporaryFolder('import');
    dir = join(folder.path, 'official');
    await influx(source, ['backup', dir]);
  });

  afterAll(async () => {
    await folder?.remove();
    await source?.stop();
  });

  const copy = async (name: string) => {
    const to = join(folder.path, name);
    await mkdir(to);
    for (const file of await readdir(dir)) await copyFile(join(dir, file), join(to, file));
    return to;
  };

  it('is taken in as it is, and restored by both tools', async () => {
    const directory = await openBackupDirectory(dir);
    expect(directory.artifacts).toHaveLength(3);
    expect(Date.now() - directory.startedAt.getTime()).toBeLessThan(600_000);
    await using taken = await takeBackup(directory);
    for (const line of taken.lines.filter(({ role }) => role === 'shard')) {
      const file = await readFile(join(dir, line.path.slice('data/'.length)));
      expect(line).toMatchObject({ codec: 'gzip', bytes: file.length });
    }
    expect(taken.conclusion.warnings.map(({ code }) => code)).toEqual(['PLAINTEXT_TOKENS']);

    const select = { buckets: ['telemetry'] };
    const rename = { telemetry: 'ours' };
    const { proofs } = await restore(connect(source.url), taken, { select, rename });
    expect(proofs.map(({ result }) => result)).toEqual(Array(3).fill('identical'));
    const args = ['restore', taken.directory, '--bucket', 'telemetry', '--new-bucket', 'theirs'];
    await influx(source, args);
    expect(await source.count('ours')).toBe(300);
    expect(await source.count('theirs')).toBe(300);
  });

  it('is taken in without compression too', async () => {
    const plain = join(folder.path, 'plain');
    await influx(source, ['backup', plain, '--compression', 'none', '--bucket', 'telemetry']);
    await using taken = await takeBackup(await openBackupDirectory(plain));
    expect(taken.lines.every(({ codec }) => codec === 'identity')).toBe(true);
  });

  it('gives its newest metadata, and the newest entry of each bucket', async () => {
    const both = await copy('both');
    await source.createBucket('later');
    await source.write('later', points(1));
    // The official tool names a backup by its second, and writes over an earlier one of the same second.
    await setTimeout(1000);
    await influx(source, ['backup', both, '--bucket', 'later']);
    const directory = await openBackupDirectory(both);
    expect(directory.artifacts).toHaveLength(4);
    expect(new Set(directory.artifacts.map(({ path }) => path.split('.')[0])).size).toBe(2);
    await using taken = await takeBackup(directory);
    const manifest = (await readdir(taken.directory)).find((name) => name.endsWith('.manifest'));
    expect(manifest).toBe(`${directory.base}.manifest`);
  });

  it('is refused with one sentence when a file is missing or has another size', async () => {
    const broken = await copy('broken');
    const tar = first((await readdir(broken)).filter((name) => name.endsWith('.tar.gz')));
    await appendFile(join(broken, tar), 'x');
    await expect(openBackupDirectory(broken)).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
      message: expect.stringContaining(`${tar} has `),
    });
    await rm(join(broken, tar));
    await expect(openBackupDirectory(broken)).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
      message: expect.stringContaining(`${tar} is named by a manifest, and is not there`),
    });
  });

  it.each([
    ['nothing at all', undefined, 'INPUT_INVALID', /no \*\.manifest/],
    [
      'a manifest of 2.0',
      '{"kv":{"fileName":"x.bolt","size":1},"files":[]}',
      'INPUT_INVALID',
      /InfluxDB 2\.0/,
    ],
    ['a manifest of a later version', '{"manifestVersion":3}', 'BACKUP_FORMAT_NEWER', /version 3/],
    ['no JSON', 'hello', 'BACKUP_DAMAGED', /not JSON/],
    ['another JSON', '[]', 'BACKUP_DAMAGED', /not a manifest/],
  ])('is refused with one sentence when it holds %s', async (what, text, code, message) => {
    const other = join(folder.path, what);
    await mkdir(other);
    if (text !== undefined) await writeFile(join(other, '20240131T235959Z.manifest'), text);
    await expect(openBackupDirectory(other)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
