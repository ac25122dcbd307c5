/** One header block of a tar: POSIX ustar, GNU and the older v7 alike. */
export interface TarHeader {
  name: string;
  bytes: number;
  kind: 'file' | 'pax' | 'global pax' | 'long name' | 'long link' | 'empty' | 'unknown';
  type: string;
}

export const BLOCK_BYTES = 512;

const CHECKSUM_AT = 148;
const CHECKSUM_END = 156;

/** @returns undefined when the block is no header: its checksum or its size is not one */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  const header = Buffer.from(block.buffer, block.byteOffset, BLOCK_BYTES);
  if (!checksumAgrees(header)) return undefined;
  const bytes = parseNumber(header, 124, 136);
  if (bytes === undefined) return undefined;
  const type = String.fromCharCode(header[156] || 0x30);
  const kind = kindOf(type);
  return { name: nameOf(header), bytes: kind === 'empty' ? 0 : bytes, kind, type };
}

function kindOf(type: string): TarHeader['kind'] {
  switch (type) {
    case '0':
    case '7':
      return 'file';
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
      return 'empty';
    case 'x':
      return 'pax';
    case 'g':
      return 'global pax';
    case 'L':
      return 'long name';
    case 'K':
      return 'long link';
    default:
      return 'unknown';
  }
}

/** Writers disagree on whether bytes are signed in the sum; the field itself counts as spaces. */
function checksumAgrees(header: Buffer): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte = i >= CHECKSUM_AT && i < CHECKSUM_END ? 0x20 : (header[i] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const stated = parseNumber(header, CHECKSUM_AT, CHECKSUM_END);
  return stated === unsigned || stated === signed;
}

/** Octal digits, or GNU's base-256 for what octal cannot hold. */
function parseNumber(header: Buffer, start: number, end: number): number | undefined {
  const first = header[start] ?? 0;
  if ((first & 0x80) !== 0) return parseBase256(header, start, end);
  const text = header
    .toString('latin1', start, end)
    .replace(/[\0 ]+$/, '')
    .trimStart();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function parseBase256(header: Buffer, start: number, end: number): number | undefined {
  if ((header[start] ?? 0) !== 0x80) return undefined;
  let value = 0;
  for (let i = start + 1; i < end; i++) value = value * 256 + (header[i] ?? 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

function nameOf(header: Buffer): string {
  const name = textAt(header, 0, 100);
  const posix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = posix ? textAt(header, 345, 500) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textAt(header: Buffer, start: number, end: number): string {
  const zero = header.indexOf(0, start);
  return header.toString('utf8', start, zero >= 0 && zero < end ? zero : end);
}
