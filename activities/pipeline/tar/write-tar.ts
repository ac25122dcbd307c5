import { basename } from 'node:path';
import { BLOCK_BYTES as BLOCK } from './tar-header.ts';

const NAME_BYTES = 100;

/** What a tar ends with. */
export const END_MARK = Buffer.alloc(2 * BLOCK);

/** What follows a body of this length. */
export function padding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);
}

export interface TarFileFacts {
  /** Default: everybody may read it. */
  mode?: number;
  /** Default: the beginning of 1970. */
  modified?: Date;
}

/**
 * The header of a file. A long name, or one with other letters than those of ASCII, stands in an extended header before
 * the file's own.
 */
export function tarHeader(name: string, bytes: number, facts: TarFileFacts = {}): Buffer {
  const plain = Buffer.byteLength(name) <= NAME_BYTES && /^[\x20-\x7e]+$/.test(name);
  if (plain) return headerBlock(name, bytes, '0', facts);
  const record = paxRecord('path', name);
  const short = basename(name).slice(-NAME_BYTES);
  return Buffer.concat([
    headerBlock(`PaxHeaders/${short}`.slice(0, NAME_BYTES), record.length, 'x'),
    record,
    padding(record.length),
    headerBlock(short, bytes, '0', facts),
  ]);
}

/** Its length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function headerBlock(
  name: string,
  bytes: number,
  type: '0' | 'x',
  { mode = 0o644, modified = new Date(0) }: TarFileFacts = {},
): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, NAME_BYTES);
  block.write(`${octal(mode, 7)}\0`, 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (bytes < 8 ** 11) block.write(`${octal(bytes, 11)}\0`, 124);
  else {
    // Where octal digits do not suffice, GNU's base 256 does.
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(bytes), 128);
  }
  block.write(`${octal(Math.floor(modified.getTime() / 1000), 11)}\0`, 136);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
