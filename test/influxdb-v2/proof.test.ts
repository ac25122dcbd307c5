import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare } from '../../activities/products/influxdb-v2/proof.ts';
import { shardTar, unpack } from '../influxdb-v1/portable-backup.ts';
import { tarArchive, type TarFile } from '../pipeline/tar-archive.ts';
import { tsmFile, type Series } from '../pipeline/tsm-file.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('proof');
});
afterAll(() => folder.remove());

async function* tarOf(files: TarFile[]): AsyncGenerator<Uint8Array> {
  yield tarArchive(files);
}

async function prove(
  original: TarFile[],
  restored: TarFile[],
  mayGrow: boolean,
  place?: { bucket: string; shard: number },
) {
  return compare({
    subject: 'acme/telemetry/shard 1',
    recorded: original.map(({ name, body: bytes }) => ({
      name,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })),
    original: () => tarOf(original),
    restored: () => Promise.resolve(tarOf(restored)),
    place,
    mayGrow,
    spool: folder.path,
    name: 'shard-1',
    signal: new AbortController().signal,
  });
}

const file = (number: number, series: Series, generation = 1): TarFile => ({
  name: `1/autogen/1/00000000${number}-00000000${generation}.tsm`,
  body: tsmFile(series),
});

describe.each([false, true])('the proof of a shard (others may write: %s)', (mayGrow) => {
  describe.each([1, 2])('whose files a real server wrote with the same series: %i', (shard) => {
    const files = [...unpack(shardTar(shard))].map(([name, body]) => ({ name, body }));

    it('is identical with all of them', async () => {
      expect(files.length).toBeGreaterThan(1);
      expect(await prove(files, files, mayGrow)).toEqual({ result: 'identical' });
    });

    it.each(files.map((_, at) => at))('fails without file %i', async (lost) => {
      const restored = files.filter((_, at) => at !== lost);
      const counts = `${restored.length} of ${files.length} files came back`;
      expect(await prove(files, restored, mayGrow)).toEqual({
        result: 'different',
        reason: counts,
      });
    });
  });

  const late = [
    file(1, { a: { blocks: [[0, 10, 20, 30]] } }),
    file(2, { a: { blocks: [[5, 10, 15]] } }),
    file(3, { a: { blocks: [[40]] } }),
  ];

  it.each([
    ['shard', { bucket: '1', shard: 2 }],
    ['bucket', { bucket: '2', shard: 1 }],
  ])('fails when the same files came back out of another %s', async (_, place) => {
    expect(await prove(late, late, mayGrow, { bucket: '1', shard: 1 })).toEqual({
      result: 'identical',
    });
    expect(await prove(late, late, mayGrow, place)).toEqual({
      result: 'different',
      reason: 'the server has 1/autogen/1/000000001-000000001.tsm, of another shard, there',
    });
  });

  it('is equivalent when files that overlap were compacted', async () => {
    const compacted = file(2, { a: { blocks: [[0, 5, 10, 15, 20, 30]] } }, 2);
    expect(await prove(late, [compacted, file(3, { a: { blocks: [[40]] } })], mayGrow)).toEqual({
      result: 'equivalent',
    });
  });

  it('fails when one of them was lost before the others were compacted', async () => {
    const compacted = file(3, { a: { blocks: [[0, 10, 20, 30, 40]] } }, 2);
    expect(await prove(late, [compacted], mayGrow)).toEqual({
      result: 'different',
      reason:
        '2 of 7 points of series that overlap or grew are missing (5 points came back, the backup holds 8); 1 of 3 files came back',
    });
  });
});
