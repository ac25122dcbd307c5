import { describe, expect, it } from 'vitest';
import { countTimestamps, eachTimestamp } from '../../activities/pipeline/tsm/tsm-timestamps.ts';
import { readTsm } from '../../activities/pipeline/tsm/tsm-index.ts';
import { tsmInMemory } from '../../activities/pipeline/tsm/tsm-source.ts';
import { uvarint } from '../simulators/influxdb-v2/bytes/varint.ts';
import { manifest, shardTar, unpack } from '../influxdb-v1/portable-backup.ts';

const timeOf = (high: number, low: number) =>
  BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));

function timesOf(encoded: Buffer): bigint[] {
  const times: bigint[] = [];
  eachTimestamp(encoded, (high, low) => times.push(timeOf(high, low)));
  return times;
}

/** The first half byte says the encoding, the second the power of ten. */
function block(encoding: number, exponent: number, first: bigint, rest: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt8((encoding << 4) | exponent);
  head.writeBigInt64BE(first, 1);
  return Buffer.concat([head, rest]);
}

const word = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
  return bytes;
};

/** One word of simple8b. */
function packed(selector: number, bits: number, values: bigint[]): Buffer {
  const all = values.reduce((sum, value, at) => sum | (value << BigInt(at * bits)), 0n);
  return word((BigInt(selector) << 60n) | all);
}

const START = 1_700_000_000_123_456_789n;

function summed(first: bigint, steps: bigint[]): bigint[] {
  const times = [first];
  for (const step of steps) times.push((times.at(-1) ?? 0n) + step);
  return times;
}

describe('the timestamps of a block', () => {
  it.each([
    [2, 1, 60],
    [3, 2, 30],
    [4, 3, 20],
    [5, 4, 15],
    [6, 5, 12],
    [7, 6, 10],
    [8, 7, 8],
    [9, 8, 7],
    [10, 10, 6],
    [11, 12, 5],
    [12, 15, 4],
    [13, 20, 3],
    [14, 30, 2],
    [15, 60, 1],
  ])('are unpacked by selector %i: %i bits each', (selector, bits, count) => {
    const steps = Array.from(
      { length: count },
      (_, at) => (2n ** BigInt(bits) - 1n) >> BigInt(at % bits),
    );
    const bytes = block(1, 0, START, packed(selector, bits, steps));
    expect(timesOf(bytes)).toEqual(summed(START, steps));
    expect(countTimestamps(bytes)).toBe(count + 1);
  });

  it.each([
    [0, 240],
    [1, 120],
  ])('are unpacked by selector %i: %i steps of one', (selector, count) => {
    const bytes = block(1, 9, START, packed(selector, 0, []));
    const steps = Array.from({ length: count }, () => 1_000_000_000n);
    expect(timesOf(bytes)).toEqual(summed(START, steps));
  });

  it('are scaled, also where steps are longer than a number is exact', () => {
    const steps = [3n, 7n, 1_000_000n, 11n];
    const bytes = block(
      1,
      12,
      -5n,
      Buffer.concat([packed(13, 20, steps.slice(0, 3)), packed(15, 60, [11n])]),
    );
    expect(timesOf(bytes)).toEqual(
      summed(
        -5n,
        steps.map((step) => step * 10n ** 12n),
      ),
    );
    const far = 2n ** 59n + 1n;
    expect(timesOf(block(1, 0, START, packed(15, 60, [far])))).toEqual(summed(START, [far]));
  });

  it('are differences also where they stand raw', () => {
    const steps = [2n ** 61n, 1n, 2n ** 32n - 1n];
    const bytes = block(0, 0, -(2n ** 62n), Buffer.concat(steps.map(word)));
    expect(timesOf(bytes)).toEqual(summed(-(2n ** 62n), steps));
  });

  it('are repeated steps', () => {
    const varint = Buffer.from([0xe9, 0x07, 4]);
    const steps = Array.from({ length: 3 }, () => 1001n * 1000n);
    expect(timesOf(block(2, 3, START, varint))).toEqual(summed(START, steps));
  });

  it('are two at any distance', () => {
    const step = 2n ** 61n + 12_345_678_901n;
    expect(timesOf(block(2, 0, -(2n ** 61n), Buffer.concat([uvarint(step), uvarint(2)])))).toEqual(
      summed(-(2n ** 61n), [step]),
    );
  });

  it('are refused where they are none', () => {
    expect(() => timesOf(block(3, 0, START, Buffer.alloc(0)))).toThrow(RangeError);
    expect(() => timesOf(block(2, 0, START, Buffer.from([1, 0xff, 0xff, 0xff, 0xff, 1])))).toThrow(
      'impossible number',
    );
  });

  it('of a real server are as many as are counted, in order, between those of its index', async () => {
    let seen = 0;
    for (const { shardID } of manifest.files) {
      for (const [name, bytes] of unpack(shardTar(shardID))) {
        if (!name.endsWith('.tsm')) continue;
        const times = new Map<string, bigint[]>();
        const visit = (key: string) => {
          const found: bigint[] = [];
          times.set(key, found);
          return (high: number, low: number) => void found.push(timeOf(high, low));
        };
        for await (const { key, min, max, points } of readTsm(tsmInMemory(bytes), visit)) {
          const found = times.get(key) ?? [];
          expect([found[0], found.at(-1), found.length]).toEqual([min, max, points]);
          expect(found).toEqual(found.toSorted((one, other) => (one < other ? -1 : 1)));
          seen += points;
        }
      }
    }
    expect(seen).toBe(165);
  });
});
