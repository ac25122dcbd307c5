import { basename } from 'node:path';
import { TarParser } from '../../pipeline/tar/tar-parser.ts';

const BLOCK = 512;
const END_MARK = Buffer.alloc(2 * BLOCK);
const NAME_BYTES = 100;
const SMALL_BYTES = 64 * 1024;

/**
 * The same tar with every file in another folder: the server drops, without a word, what does not lie in
 * `<database>/<policy>/<shard>/`. It ends in exactly two blocks of zeros, since the server reads no further. Chunks pass
 * without being copied.
 * @throws FormatFault for what is no whole tar, and what the source throws: in either case before the end mark
 */
export async function* renameEntries(
  tar: AsyncIterable<Uint8Array>,
  folder: string,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let padding = 0;
  const parser = new TarParser({
    file: (name, bytes) => {
      pieces.push(tarHeader(`${folder}/${basename(name)}`, bytes));
      padding = (BLOCK - (bytes % BLOCK)) % BLOCK;
    },
    data: (chunk) => pieces.push(chunk),
    fileEnd: () => {
      if (padding > 0) pieces.push(Buffer.alloc(padding));
    },
  });
  for await (const chunk of tar) {
    parser.update(chunk);
    yield* joined(pieces);
    pieces = [];
  }
  parser.end();
  yield END_MARK;
}

/** Headers and padding are small, and each piece costs a call of the system. */
function joined(pieces: Uint8Array[]): Uint8Array[] {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return pieces.length > 1 && bytes <= SMALL_BYTES ? [Buffer.concat(pieces)] : pieces;
}

/** A long name, or one with other letters than those of ASCII, stands in an extended header before the file's own. */
export function tarHeader(name: string, bytes: number): Buffer {
  const plain = Buffer.byteLength(name) <= NAME_BYTES && /^[\x20-\x7e]+$/.test(name);
  if (plain) return headerBlock(name, bytes, '0');
  const record = paxRecord('path', name);
  const padded = Buffer.concat([record, Buffer.alloc((BLOCK - (record.length % BLOCK)) % BLOCK)]);
  const short = basename(name).slice(-NAME_BYTES);
  return Buffer.concat([
    headerBlock(`PaxHeaders/${short}`.slice(0, NAME_BYTES), record.length, 'x'),
    padded,
    headerBlock(short, bytes, '0'),
  ]);
}

/** Its length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function headerBlock(name: string, bytes: number, type: '0' | 'x'): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, NAME_BYTES);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (bytes < 8 ** 11) block.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  else {
    // Where octal digits do not suffice, GNU's base 256 does.
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(bytes), 128);
  }
  block.write('00000000000\0', 136);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
