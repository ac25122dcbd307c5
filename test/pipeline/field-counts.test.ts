import { expect, it } from 'vitest';
import { FieldCounts } from '../../activities/pipeline/tsm/field-counts.ts';
import { tsmInMemory } from '../../activities/pipeline/tsm/tsm-source.ts';
import { tsmFile, type Series } from './tsm-file.ts';

type File = Record<string, number[]>;

async function counted(limits: { series: number; fields: number } | undefined, ...files: File[]) {
  const counts = new FieldCounts(limits);
  for (const file of files) {
    const series: Series = {};
    for (const [key, times] of Object.entries(file)) series[key] = { blocks: [times] };
    await counts.add(tsmInMemory(tsmFile(series)));
  }
  return { counts, v: counts.held?.get('m')?.get('v') };
}

const FEW = { series: 1, fields: 100 };
const [A, B] = ['m,host=a#!~#v', 'm,host=b#!~#v'];

it('keeps no series of a shard of very many, and counts the same points', async () => {
  const files: File[] = [
    { [A]: [1, 2], [B]: [1, 2, 3] },
    { [A]: [5, 6], [B]: [7] },
  ];
  const exact = await counted(undefined, ...files);
  const sums = await counted(FEW, ...files);
  expect(exact.counts.series?.keys.size).toBe(2);
  expect(exact.v).toMatchObject({ series: 2, points: 8, least: 8 });
  expect(sums.counts.series).toBeUndefined();
  expect(sums.v).toEqual({ series: 4, points: 8, least: 8 });
});

it.each<[string, number, File[]]>([
  ['the same points twice', 4, [{ [A]: [1, 2, 3] }, { [A]: [1, 2, 3], [B]: [9] }]],
  ['other series at the same time', 4, [{ [A]: [1, 2, 3, 4] }, { [B]: [1, 2, 3] }]],
  ['times before those of the first', 2, [{ [A]: [5, 9] }, { [B]: [1, 2] }, { [A]: [4, 6] }]],
])('knows of files with %s how many points there are in any case', async (_, least, files) => {
  const { v } = await counted(FEW, ...files);
  expect(v).toMatchObject({ least });
  expect(v?.points).toBeGreaterThan(least);
});

it('gives up where even measurements and fields are too many', async () => {
  const file: File = { 'a#!~#v': [1], 'b#!~#v': [1], 'c#!~#v': [1] };
  const { counts } = await counted({ series: 1, fields: 2 }, file);
  expect(counts.held).toBeUndefined();
});
