import { randomFillSync } from 'node:crypto';
import { TYPE } from '../test/simulators/influxdb-v2/bytes/points.ts';
import { TAR_TRAILER, tarHeader, tarPadding } from '../test/simulators/influxdb-v2/bytes/tar.ts';
import { encodeBlock } from '../test/simulators/influxdb-v2/bytes/tsm-encode.ts';
import {
  encodeIndex,
  indexOffset,
  TSM_HEADER,
  withChecksum,
  type IndexEntry,
} from '../test/simulators/influxdb-v2/bytes/tsm-file.ts';

const SERIES = 45;
const BLOCKS_PER_SERIES = 8;
const POINTS_PER_BLOCK = 1000;
const HOUR_NS = 3_600_000_000_000n;
const STEP_NS = HOUR_NS / BigInt(BLOCKS_PER_SERIES * POINTS_PER_BLOCK);
/** Type, length of the times, their encoding: then comes the first time, eight bytes. */
const FIRST_TIME_AT = 3;

/**
 * Shards of an hour as a server has them after its compactions: one file, blocks of a thousand points at a steady pace,
 * random floats, which no compression makes much smaller.
 *
 * The values of a shard are encoded once. Shards differ in their times; a compressor, which looks back 32 KiB, cannot
 * tell that they share their values.
 */
export class FloatShards {
  readonly #blocks = Array.from({ length: SERIES * BLOCKS_PER_SERIES }, () =>
    encodeBlock(
      TYPE.float,
      Array.from({ length: POINTS_PER_BLOCK }, (_, i) => BigInt(i) * STEP_NS),
      randomFloats(POINTS_PER_BLOCK),
    ),
  );

  /** The tar that a restore takes. */
  tar(startNs: bigint, folder = '0/autogen/0'): Buffer {
    return Buffer.concat([this.entry(startNs, `${folder}/000000001-000000002.tsm`), TAR_TRAILER]);
  }

  /** One file as an entry of a tar. */
  entry(startNs: bigint, path: string): Buffer {
    const file = this.#file(startNs);
    return Buffer.concat([tarHeader(path, file.length, new Date()), file, tarPadding(file.length)]);
  }

  #file(startNs: bigint): Buffer {
    const parts: Buffer[] = [TSM_HEADER];
    const index: IndexEntry[] = [];
    let offset = TSM_HEADER.length;
    for (let series = 0; series < SERIES; series++) {
      const host = `host-${String(series).padStart(3, '0')}`;
      const entry: IndexEntry = { key: `cpu,host=${host}#!~#usage`, type: TYPE.float, blocks: [] };
      for (let i = 0; i < BLOCKS_PER_SERIES; i++) {
        const min = startNs + BigInt(i * POINTS_PER_BLOCK) * STEP_NS;
        const block = this.#block(series * BLOCKS_PER_SERIES + i, min);
        const max = min + BigInt(POINTS_PER_BLOCK - 1) * STEP_NS;
        entry.blocks.push({ min, max, offset, size: block.length });
        parts.push(block);
        offset += block.length;
      }
      index.push(entry);
    }
    return Buffer.concat([...parts, encodeIndex(index), indexOffset(offset)]);
  }

  #block(number: number, firstNs: bigint): Buffer {
    const data = Buffer.from(this.#blocks[number] ?? Buffer.alloc(0));
    data.writeBigUInt64BE(firstNs, FIRST_TIME_AT);
    return withChecksum(data);
  }
}

/** Between 1 and 2: every bit of the mantissa random, the exponent as steady as that of a measurement. */
function randomFloats(count: number): number[] {
  const bytes = randomFillSync(Buffer.alloc(8 * count));
  return Array.from({ length: count }, (_, i) => {
    bytes.writeUInt16BE(0x3ff0 | (bytes.readUInt16BE(8 * i) & 0x0f), 8 * i);
    return bytes.readDoubleBE(8 * i);
  });
}
