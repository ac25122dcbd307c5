import { createHash } from 'node:crypto';
import { TYPE } from './bytes/points.ts';
import { encodeBlock } from './bytes/tsm-encode.ts';
import { encodeIndex, indexOffset, TSM_HEADER, withChecksum } from './bytes/tsm-file.ts';
import type { StoredBytes } from './stored-file.ts';

const LARGEST_BLOCK = 1 << 20;
const DISTINCT_BLOCKS = 8;
const SECOND = 1_000_000_000n;

/** The smallest file that can be generated. */
export const SMALLEST_GENERATED = 512;

/**
 * A valid TSM file of exactly `size` bytes, computed from its seed when it is read and never held as a whole: blocks of
 * text points, a few distinct ones in turn, one series each. The last text of the last one fills what is left.
 */
export function generatedBytes(seed: string, size: number, startNs: bigint): StoredBytes {
  if (size < SMALLEST_GENERATED)
    throw new Error(`A generated file has ${SMALLEST_GENERATED} bytes.`);
  const chunks = () => write(seed, size, startNs);
  return {
    size,
    chunks,
    async read() {
      const parts: Buffer[] = [];
      for await (const chunk of chunks()) parts.push(chunk);
      return Buffer.concat(parts);
    },
    remove: () => Promise.resolve(),
  };
}

interface Layout {
  points: number;
  textBytes: number;
  blockBytes: number;
  /** Blocks, and series. */
  count: number;
  /** What the last text has more than the others, and what the name of the last series has. */
  more: { text: number; name: number };
}

/** A longer text may need more bytes for its lengths. */
const LENGTHS = 12;

const layouts = new Map<number, Layout>();

/** The same for all files of a size. */
function layoutOf(size: number): Layout {
  const known = layouts.get(size);
  if (known) return known;
  const perKey = indexEntry(0, 0, 0, 1, 0n).length;
  const space = size - TSM_HEADER.length - 8;
  const budget = Math.min(LARGEST_BLOCK, space - perKey);
  const points = Math.max(2, Math.min(1000, Math.floor(budget / 64)));
  const textBytes = Math.floor((budget - 40) / points) - 3;
  const blockBytes = block('', points, textBytes, 0n).length;
  const count = Math.floor(space / (blockBytes + perKey));
  const left = space - count * (blockBytes + perKey);
  const text = Math.max(0, left - LENGTHS);
  const name = left - (block('', points, textBytes, 0n, text).length - blockBytes);
  const layout = { points, textBytes, blockBytes, count, more: { text, name } };
  layouts.set(size, layout);
  return layout;
}

async function* write(seed: string, size: number, startNs: bigint): AsyncGenerator<Buffer> {
  const { points, textBytes, blockBytes, count, more } = layoutOf(size);
  const distinct = Math.min(DISTINCT_BLOCKS, count);
  const blocks = Array.from({ length: distinct }, (_, i) =>
    block(`${seed}/${i}`, points, textBytes, startNs),
  );
  const last = block(`${seed}/${(count - 1) % distinct}`, points, textBytes, startNs, more.text);
  const index = Buffer.concat(
    Array.from({ length: count }, (_, i) => {
      const offset = TSM_HEADER.length + i * blockBytes;
      return i < count - 1
        ? indexEntry(i, offset, blockBytes, points, startNs)
        : indexEntry(i, offset, last.length, points, startNs, more.name);
    }),
  );
  const tail = Buffer.concat([last, index, indexOffset(size - 8 - index.length)]);
  if (count === 1) yield Buffer.concat([TSM_HEADER, tail]);
  else {
    yield TSM_HEADER;
    for (let i = 0; i < count - 1; i += distinct) yield* blocks.slice(0, count - 1 - i);
    yield tail;
  }
}

function indexEntry(
  i: number,
  offset: number,
  size: number,
  points: number,
  min: bigint,
  more = 0,
): Buffer {
  const host = `h${String(i).padStart(7, '0')}${'x'.repeat(more)}`;
  const max = min + BigInt(points - 1) * SECOND;
  const key = `generated,host=${host}#!~#text`;
  return encodeIndex([{ key, type: TYPE.string, blocks: [{ min, max, offset, size }] }]);
}

/** Its length depends on the numbers alone, never on the seed. */
function block(seed: string, points: number, textBytes: number, startNs: bigint, more = 0): Buffer {
  const text = createHash('shake256', { outputLength: points * textBytes + more })
    .update(seed)
    .digest('base64');
  return withChecksum(
    encodeBlock(
      TYPE.string,
      Array.from({ length: points }, (_, i) => startNs + BigInt(i) * SECOND),
      Array.from({ length: points }, (_, i) =>
        text.slice(i * textBytes, (i + 1) * textBytes + (i === points - 1 ? more : 0)),
      ),
    ),
  );
}
