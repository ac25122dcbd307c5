import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentDifference, TsmContent } from '../../activities/pipeline/tsm/tsm-content.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

/** Times of each block of a series; the values do not matter to what is read here. */
type Series = Record<string, { type?: number; blocks: number[][] }>;

function block(type: number, times: number[]): Buffer {
  const stamps = Buffer.alloc(1 + times.length * 8);
  times.forEach((time, i) => stamps.writeBigInt64BE(BigInt(time), 1 + i * 8));
  const data = Buffer.concat([Buffer.from([type, stamps.length]), stamps, Buffer.from('values')]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(data));
  return Buffer.concat([crc, data]);
}

function tsm(series: Series): Buffer {
  const blocks: Buffer[] = [Buffer.from([0x16, 0xd1, 0x16, 0xd1, 1])];
  const index: Buffer[] = [];
  let at = 5;
  for (const [key, { type = 0, blocks: all }] of Object.entries(series)) {
    const head = Buffer.alloc(2 + key.length + 3);
    head.writeUInt16BE(key.length, 0);
    head.write(key, 2);
    head.writeUInt8(type, 2 + key.length);
    head.writeUInt16BE(all.length, 3 + key.length);
    index.push(head);
    for (const times of all) {
      const bytes = block(type, times);
      const entry = Buffer.alloc(28);
      entry.writeBigInt64BE(BigInt(times[0] ?? 0), 0);
      entry.writeBigInt64BE(BigInt(times.at(-1) ?? 0), 8);
      entry.writeBigUInt64BE(BigInt(at), 16);
      entry.writeUInt32BE(bytes.length, 24);
      index.push(entry);
      blocks.push(bytes);
      at += bytes.length;
    }
  }
  const footer = Buffer.alloc(8);
  footer.writeBigUInt64BE(BigInt(at));
  return Buffer.concat([...blocks, ...index, footer]);
}

describe('the content of a shard', () => {
  let folder: TemporaryFolder;
  let files = 0;
  beforeAll(async () => {
    folder = await temporaryFolder('tsm');
  });
  afterAll(() => folder.remove());

  const onDisk = async (bytes: Buffer) => {
    const path = join(folder.path, `${(files += 1)}.tsm`);
    await writeFile(path, bytes);
    return path;
  };
  const content = async (...all: Series[]) => {
    const found = new TsmContent();
    for (const series of all) await found.add(await onDisk(tsm(series)));
    return found;
  };
  const one = { a: { blocks: [[1, 2, 3]] }, b: { blocks: [[1, 9]] } };

  it('is the same in one file as in two', async () => {
    const compacted = await content({ a: { blocks: [[1, 2, 3, 4]] } });
    const before = await content({ a: { blocks: [[1, 2]] } }, { a: { blocks: [[3, 4]] } });
    expect(contentDifference(before, compacted, false)).toBeUndefined();
  });

  it('may lose what the original held twice, and no more', async () => {
    const twice = await content({ a: { blocks: [[1, 2, 3]] } }, { a: { blocks: [[2, 3, 4]] } });
    const compacted = await content({ a: { blocks: [[1, 2, 3, 4]] } });
    expect(contentDifference(twice, compacted, false)).toBeUndefined();
    expect(contentDifference(compacted, twice, false)).toContain('another number of points');
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
    const [original, other] = [await content(one), await content(restored)];
    expect(contentDifference(original, other, false)).toContain(reason);
    if (always) expect(contentDifference(original, other, true)).toContain(reason);
    else expect(contentDifference(original, other, true)).toBeUndefined();
  });

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['is empty', () => Buffer.alloc(0), /too short/],
    ['is something else', (bytes) => Buffer.concat([Buffer.from('x'), bytes]), /is not a TSM file/],
    ['lacks its end', (bytes) => bytes.subarray(0, -20), /outside the file|damaged/],
    [
      'lacks a piece of its index',
      (bytes) => Buffer.concat([bytes.subarray(0, -30), bytes.subarray(-8)]),
      /damaged/,
    ],
    [
      'has a flipped bit in a block',
      (bytes) => {
        bytes.writeUInt8(bytes.readUInt8(20) ^ 4, 20);
        return bytes;
      },
      /wrong checksum/,
    ],
  ])('is refused when a file %s', async (_, damage, message) => {
    const path = await onDisk(damage(tsm(one)));
    await expect(new TsmContent().add(path)).rejects.toThrow(message);
  });
});
