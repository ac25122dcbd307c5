import { describe, expect, it } from 'vitest';
import { readTsm, type TsmKey } from '../../activities/pipeline/tsm/tsm-index.ts';
import { tsmInMemory } from '../../activities/pipeline/tsm/tsm-source.ts';
import { shardTar, unpack } from '../influxdb-v1/portable-backup.ts';
import type { Damage, Zone } from './damage.ts';
import { fuzz } from './fuzz.ts';
import { outcomeOf } from './outcome.ts';

const files = [1, 3, 7].flatMap((shard) =>
  [...unpack(shardTar(shard))]
    .filter(([name]) => name.endsWith('.tsm'))
    .map(([name, bytes]): [string, Buffer] => [name, bytes]),
);

async function read(bytes: Buffer): Promise<TsmKey[]> {
  const keys: TsmKey[] = [];
  for await (const key of readTsm(tsmInMemory(bytes))) keys.push(key);
  return keys;
}

/** What nothing in the file vouches for: the names in its index, and the last time of each block. */
function unprotected(file: Buffer): Zone[] {
  const zones: Zone[] = [];
  for (let at = Number(file.readBigUInt64BE(file.length - 8)); at < file.length - 8;) {
    const key = { start: at + 2, end: at + 2 + file.readUInt16BE(at) };
    zones.push(key);
    const blocks = file.readUInt16BE(key.end + 1);
    at = key.end + 3;
    for (let block = 0; block < blocks; block += 1, at += 28) {
      zones.push({ start: at + 8, end: at + 16 });
    }
  }
  return zones;
}

describe('a TSM file with random damage', () => {
  it.each(files)('is refused, or holds what it held: %s', async (name, original) => {
    const expected = await read(original);
    const zones = unprotected(original);
    const index: Zone = {
      start: Number(original.readBigUInt64BE(original.length - 8)),
      end: original.length,
    };
    // The index lost its last series, or its first.
    const last = original.indexOf(expected.at(-1)?.key ?? '', index.start, 'latin1') - 2;
    const second = original.indexOf(expected[1]?.key ?? '', index.start, 'latin1') - 2;
    const regressions = [
      [last, index.end - 8 - last],
      [index.start, second - index.start],
    ].map(([at = 0, removed = 0]): Damage => ({ kind: 'splice', at, removed, from: 0, length: 0 }));
    const options = { cases: 600, zones: [index], regressions };
    await fuzz(name, original, options, async ({ bytes, damage }) => {
      const keys = (await outcomeOf(() => read(bytes)))?.accepted;
      if (damage.kind === 'cut') expect(keys).toBeUndefined();
      if (!keys) return;
      // Whatever else they are called now, no series and no point is missing.
      expect(keys.map(({ points }) => points)).toEqual(expected.map(({ points }) => points));
      if (damage.kind !== 'flip') return;
      if (!zones.some(({ start, end }) => damage.at >= start && damage.at < end)) {
        expect(keys).toEqual(expected);
      }
    });
  });
});
