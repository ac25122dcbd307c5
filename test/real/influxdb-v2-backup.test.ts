import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, takeBackup, type Taken } from './adapter.ts';
import { readManifest } from '../../activities/products/influxdb-v2/official-manifest.ts';
import { first, influx, points, startInfluxd, TOKEN, type InfluxServer } from './influxd.ts';

describe('a backup of a real influxd', () => {
  let source: InfluxServer;
  let taken: Taken;

  beforeAll(async () => {
    source = await startInfluxd();
    // As long as the server allows: in nanoseconds more than a double holds exactly.
    await source.createBucket('telemetry', {
      everySeconds: 9_223_372_036,
      description: 'of machines',
    });
    await source.write('telemetry', points(5));
    await source.createBucket('other');
    await source.write('other', points(2, ['a', 'b', 'c']));
    taken = await takeBackup(connect(source.url).backup);
  });

  afterAll(async () => {
    await taken?.[Symbol.asyncDispose]();
    await source?.stop();
  });

  it('takes metadata first, then every shard, under the names of the official tool', async () => {
    const names = (await readdir(taken.directory)).toSorted();
    expect(names).toContain('20261120T020000Z.bolt');
    expect(names).toContain('20261120T020000Z.sqlite');
    expect(names).toContain('20261120T020000Z.manifest');
    expect(names.filter((name) => name.endsWith('.tar'))).toHaveLength(7);
    expect(taken.lines[0]).toMatchObject({ role: 'metadata', codec: 'identity' });
    expect(taken.artifacts.map(({ subject }) => subject)).toContain('acme/telemetry/shard 1');
  });

  it('writes the official manifest without losing a digit', async () => {
    const text = await readFile(join(taken.directory, '20261120T020000Z.manifest'), 'utf8');
    expect(text).toContain('"duration": 9223372036000000000');
    expect(text.endsWith('}\n')).toBe(true);
    expect(text).toContain('"manifestVersion": 2');
    const manifest = readManifest(text, 'the manifest');
    expect(manifest.kv).toMatchObject({ fileName: '20261120T020000Z.bolt', compression: 0 });
    const telemetry = manifest.buckets.find((one) => one.bucketName === 'telemetry');
    const groups = telemetry?.retentionPolicies[0]?.shardGroups ?? [];
    expect(groups).toHaveLength(5);
    const shard = first(groups[0]?.shards);
    const line = taken.lines.find(({ path }) => path === `data/20261120T020000Z.${shard.id}.tar`);
    expect(shard).toMatchObject({
      fileName: line?.path.slice('data/'.length),
      size: line?.bytes,
      compression: 0,
      shardOwners: [],
    });
  });

  it('says what an unencrypted backup holds, and little else in the manifest', () => {
    expect(taken.conclusion.warnings.map(({ code }) => code)).toEqual(['METADATA_UNENCRYPTED']);
    expect(taken.conclusion.detail).toMatchObject({
      version: 1,
      shards: 7,
      plaintextTokens: false,
    });
    expect(JSON.stringify(taken.conclusion.detail).length).toBeLessThan(4096);
  });

  it('is restored by the official tool', async () => {
    await using destination = await startInfluxd({ token: 'another-token' });
    await influx(
      destination,
      ['restore', taken.directory, '--bucket', 'telemetry'],
      'another-token',
    );
    expect(await destination.count('telemetry')).toBe(30);
  });

  it('is restored whole by the official tool', async () => {
    await using destination = await startInfluxd({ token: TOKEN });
    await influx(destination, ['restore', taken.directory, '--full', '--operator-token', TOKEN]);
    expect(await destination.count('other')).toBe(18);
    expect(await destination.bucketNames()).toEqual(['first', 'other', 'telemetry']);
  });
});
