import { Buffer } from 'node:buffer';

/** Tar as the tools of servers write it: ustar, and zeros up to a whole record of 10240 bytes. */

const BLOCK = 512;
const RECORD = 20 * BLOCK;

export interface Member {
  name: string;
  body: Buffer;
  /** Default: a file. */
  type?: '0' | '1' | '2' | '3' | '5';
  /** Said in the header, in the place of the truth. */
  size?: number;
  link?: string;
}

export function packTar(members: Member[], { trailer = true } = {}): Buffer {
  const parts = members.flatMap((member) => [
    header(member),
    member.body,
    Buffer.alloc((BLOCK - (member.body.length % BLOCK)) % BLOCK),
  ]);
  const packed = Buffer.concat(parts);
  if (!trailer) return packed;
  const whole = Math.ceil((packed.length + 2 * BLOCK) / RECORD) * RECORD;
  return Buffer.concat([packed, Buffer.alloc(whole - packed.length)]);
}

function header({ name, body, type = '0', size = body.length, link = '' }: Member): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  block.write(type === '5' ? '0000755\0' : '0000600\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (size < 8 ** 11) block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  block.write('14672743537\0', 136);
  block.write(type, 156);
  block.write(link, 157, 100);
  block.write('ustar\x0000', 257);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** The files of a small tar. */
export function unpackTar(tar: Buffer): Member[] {
  const members: Member[] = [];
  for (let at = 0; at + BLOCK <= tar.length;) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    if (name === '') break;
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    const body = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (!name.endsWith('/')) members.push({ name: name.replace(/^.*\//, ''), body });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}
