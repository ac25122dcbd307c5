import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentDifference } from '../../activities/pipeline/tsm/content-difference.ts';
import { PointSet } from '../../activities/pipeline/tsm/point-set.ts';
import { TsmContent } from '../../activities/pipeline/tsm/tsm-content.ts';
import type { VisitSeries } from '../../activities/pipeline/tsm/tsm-index.ts';
import { tsmInMemory } from '../../activities/pipeline/tsm/tsm-source.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { tsmFile, type Series } from './tsm-file.ts';

const shard = (files: Series[]) => async (visit?: VisitSeries) => {
  const found = new TsmContent();
  for (const series of files) await found.add(tsmInMemory(tsmFile(series)), visit);
  return found;
};

const difference = (original: Series[], restored: Series[], mayGrow = false, most?: number) =>
  contentDifference({
    original: shard(original),
    restored: shard(restored),
    mayGrow,
    points: new PointSet(most),
  });

const a = (...blocks: number[][]): Series => ({ a: { blocks } });

describe('the content of a shard', () => {
  const one = { a: { blocks: [[1, 2, 3]] }, b: { blocks: [[1, 9]] } };

  it('is the same in one file as in two', async () => {
    expect(await difference([a([1, 2]), a([3, 4])], [a([1, 2, 3, 4])])).toBeUndefined();
  });

  describe.each([false, true])('whose files overlap (may grow: %s)', (mayGrow) => {
    const files = [a([1, 2, 3, 9]), a([2, 3, 4])];

    it.each<[string, Series[]]>([
      ['compacted into one file', [a([1, 2, 3, 4, 9])]],
      ['cut into other blocks', [a([1, 2, 3, 4], [9])]],
      ['compacted, and restored once more', [...files, a([1, 2, 3, 4, 9])]],
    ])('is the same when it is %s', async (_, restored) => {
      expect(await difference(files, restored, mayGrow)).toBeUndefined();
    });

    it.each<[string, Series[], string]>([
      ['a file within the span of another', [a([1, 2, 3, 9])], '1 of 5 points'],
      ['points that were there twice', [a([1, 4, 9])], '2 of 5 points'],
    ])('is another when it lacks %s', async (_, restored, reason) => {
      const rest = 'of series that overlap or grew are missing';
      expect(await difference(files, restored, mayGrow)).toContain(`${reason} ${rest}`);
    });
  });

  it('may not lose points where others came, whose number makes up for them', async () => {
    const files = [a([1, 2]), a([3, 4])];
    expect(await difference(files, [a([1, 2]), a([4, 5, 6])], true)).toContain('1 of 4 points');
    expect(await difference(files, [a([1, 2, 3, 4]), a([5, 6])], true)).toBeUndefined();
  });

  it('holds nothing else where files overlap, unless it may grow', async () => {
    const files = [a([1, 2, 9]), a([2, 3])];
    const restored = [a([1, 2, 3, 4, 9])];
    expect(await difference(files, restored)).toContain('1 points are not in the backup');
    expect(await difference(files, restored, true)).toBeUndefined();
  });

  it('is compared by some of its points where there are very many', async () => {
    const all = Array.from({ length: 5000 }, (_, i) => i);
    const files = [a(all), a(all.filter((i) => i % 2 === 0))];
    expect(await difference(files, [a(all)], false, 100)).toBeUndefined();
    const half = all.filter((i) => i % 2 === 0 || i > 4990);
    expect(await difference(files, [a(half)], false, 100)).toMatch(
      /^\d+ of the \d+ points compared, one in \d+ of series that overlap or grew, are missing/,
    );
  });

  it.each<[string, Series, string, boolean]>([
    ['a point', { ...one, a: { blocks: [[1, 3]] } }, '1 of 2 hold another number of points', true],
    ['a series', { a: one.a }, '1 of 2 series and fields are missing', true],
    ['the end of a series', { ...one, a: { blocks: [[1, 2]] } }, '1 of 2 cover another time', true],
    ['its type', { ...one, a: { type: 1, blocks: [[1, 2, 3]] } }, '1 of 2 have another type', true],
    [
      'nothing, but has a point more',
      { ...one, a: { blocks: [[1, 2, 2, 3]] } },
      'another number',
      false,
    ],
    ['nothing, but goes on', { ...one, a: { blocks: [[1, 2, 3, 4]] } }, 'another time', false],
    [
      'nothing, but has a series more',
      { ...one, c: one.a },
      '1 series and fields are not in',
      false,
    ],
  ])('shows when it lacks %s', async (_, restored, reason, always) => {
    expect(await difference([one], [restored])).toContain(reason);
    if (always) expect(await difference([one], [restored], true)).toContain(reason);
    else expect(await difference([one], [restored], true)).toBeUndefined();
  });
});

describe('a TSM file', () => {
  const bytes = () => tsmFile({ ...a([1, 2, 3]), b: { blocks: [[1, 9]] } });
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await temporaryFolder('tsm');
  });
  afterAll(() => folder.remove());

  it('is read from a disk as from memory', async () => {
    const path = join(folder.path, 'whole.tsm');
    await writeFile(path, bytes());
    const content = new TsmContent();
    await content.add(path);
    expect([...content.keys].map(([key, { points }]) => [key, points])).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  it.each<[string, (file: Buffer) => Buffer, RegExp]>([
    ['is empty', () => Buffer.alloc(0), /too short/],
    ['is something else', (file) => Buffer.concat([Buffer.from('x'), file]), /is not a TSM file/],
    ['lacks its end', (file) => file.subarray(0, -20), /outside the file|damaged/],
    [
      'lacks a piece of its index',
      (file) => Buffer.concat([file.subarray(0, -30), file.subarray(-8)]),
      /damaged/,
    ],
    [
      'has a flipped bit in a block',
      (file) => {
        file.writeUInt8(file.readUInt8(20) ^ 4, 20);
        return file;
      },
      /wrong checksum/,
    ],
  ])('is refused when it %s', async (_, damage, message) => {
    const path = join(folder.path, 'damaged.tsm');
    await writeFile(path, damage(bytes()));
    await expect(new TsmContent().add(path)).rejects.toThrow(message);
  });
});
