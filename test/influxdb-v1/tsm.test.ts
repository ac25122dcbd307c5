import { describe, expect, it } from 'vitest';
import { measurementAndField } from '../../activities/pipeline/tsm/series-key.ts';
import { TsmContent } from '../../activities/pipeline/tsm/tsm-content.ts';
import { tsmInMemory } from '../../activities/pipeline/tsm/tsm-source.ts';
import { expected, manifest, shardTar, unpack } from './portable-backup.ts';

function tsmFiles(shard: number): Buffer[] {
  return [...unpack(shardTar(shard))]
    .filter(([name]) => name.endsWith('.tsm'))
    .map(([, bytes]) => bytes);
}

describe('the TSM files of InfluxDB 1', () => {
  it('hold as many points of each measurement and field as the server counts', async () => {
    const found: Record<string, number> = {};
    for (const file of manifest.files.filter(({ database }) => database.startsWith('events'))) {
      const content = new TsmContent();
      for (const bytes of tsmFiles(file.shardID)) await content.add(tsmInMemory(bytes));
      for (const [key, { points }] of content.keys) {
        const { measurement, field } = measurementAndField(key);
        found[`${measurement}/${field}`] = (found[`${measurement}/${field}`] ?? 0) + points;
      }
    }
    const counted = Object.entries(expected.points['events of plant 7']?.['autogen'] ?? {});
    expect(found).toEqual(
      Object.fromEntries(
        counted.flatMap(([measurement, fields]) =>
          Object.entries(fields).map(([field, points]) => [`${measurement}/${field}`, points]),
        ),
      ),
    );
  });

  it('are told to overlap when points were written twice', async () => {
    const content = new TsmContent();
    for (const bytes of tsmFiles(1)) await content.add(tsmInMemory(bytes));
    expect([...content.keys.values()].every(({ overlaps }) => overlaps)).toBe(true);
    expect(content.points).toBe(40);
  });
});

describe('the key of a series and field', () => {
  it.each([
    ['cpu,host=a#!~#v', 'cpu', 'v'],
    ['cpu#!~#v', 'cpu', 'v'],
    ['a\\,b\\ c,host=a\\,b#!~#x y', 'a,b c', 'x y'],
    ['a\\=b#!~#v', 'a\\=b', 'v'],
    ['cpu#!~#a#!~#b', 'cpu', 'a#!~#b'],
  ])('%s is %s and %s', (key, measurement, field) => {
    expect(measurementAndField(key)).toEqual({ measurement, field });
  });
});
