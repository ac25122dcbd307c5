import { expect, it } from 'vitest';
import { tarArchive } from '../pipeline/tar-archive.ts';
import { tsmFile, type Series } from '../pipeline/tsm-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startSmallServer } from './small-server.ts';

/** More than are kept one by one. */
const SERIES = 50_001;
const STEP = {
  subject: 'live/rp/shard 7',
  key: { database: 'live', policy: 'rp', shard: 7, start: '0', end: '64' },
  lines: [],
};

function file(last: number): Buffer {
  const name = (at: number) => `m,host=h${String(at).padStart(5, '0')}#!~#v`;
  const series: Series = {};
  for (let at = 0; at < SERIES; at += 1) series[name(at)] = { blocks: [[1, 2]] };
  return tsmFile({ ...series, [name(SERIES)]: { blocks: [[last]] } });
}

it.each([
  ['by its files alone', '010000001-000000001', 3, { result: 'identical' }],
  [
    'by its content after a compaction, which lacks a point',
    '010000001-000000002',
    4,
    { result: 'different', reason: expect.stringContaining('1 of 1 files came back') },
  ],
])('a shard of very many series is compared %s', async (_, name, last, proof) => {
  await using folder = await temporaryFolder('many-series');
  await using server = await startSmallServer();
  server.tar = tarArchive([{ name: `live/rp/1/${name}.tsm`, body: file(last) }]);
  server.counts = { v: 2 * SERIES + 1 };
  const session = server.connect();
  const body = file(3);
  const original = async function* () {
    yield tarArchive([{ name: 'live/rp/7/000000001-000000001.tsm', body }]);
  };
  const state = { version: 1, run: 'run1', shards: { 7: 1 } };
  expect(await session.restore.prove(STEP, state, original, folder.path)).toEqual(proof);
  await session.close();
});
