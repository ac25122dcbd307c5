import { Buffer } from 'node:buffer';

/** Builds tars by hand, so that tests can build wrong ones as well. */

export interface TarFile {
  name: string;
  body: Uint8Array;
}

export const END_MARK = Buffer.alloc(1024);

export function tarArchive(files: TarFile[]): Buffer {
  return Buffer.concat([...files.map((file) => tarEntry(file)), END_MARK]);
}

export function tarEntry({ name, body }: TarFile): Buffer {
  return Buffer.concat([tarHeader({ name, size: body.length }), padded(body)]);
}

export function tarHeader(options: {
  name: string;
  size: number;
  type?: string;
  prefix?: string;
  base256?: boolean;
}): Buffer {
  const block = Buffer.alloc(512);
  block.write(options.name, 0, 100, 'utf8');
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (options.base256) {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(options.size), 128);
  } else {
    block.write(`${options.size.toString(8).padStart(11, '0')}\0`, 124);
  }
  block.write('14672743537\0', 136);
  block.write(options.type ?? '0', 156);
  block.write('ustar\x0000', 257);
  if (options.prefix) block.write(options.prefix, 345);
  return withChecksum(block);
}

export function withChecksum(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

export function padded(body: Uint8Array): Buffer {
  return Buffer.concat([body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

/** A PAX record, whose length counts its own digits. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (String(length).length + bytes !== length) length = String(length).length + bytes;
  return `${length}${rest}`;
}
