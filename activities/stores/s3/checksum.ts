import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';

/** A CRC32 in the way S3 is told of it: four bytes, the highest first, in base64. */
export function checksumOf(crc32: number): string {
  return bytesOf(crc32).toString('base64');
}

/** A CRC32 in the way the manifest has it. */
export function hexOf(crc32: number): string {
  return bytesOf(crc32).toString('hex');
}

/**
 * What a HEAD tells of the bytes. The checksum of an object in parts may be one of its parts' checksums: that depends on
 * where they were cut, and is left out.
 */
export function crc32In(found: HeadObjectCommandOutput): { crc32?: string } {
  const { ChecksumCRC32: told = '', ChecksumType: type, ETag = '' } = found;
  const ofAll = type === undefined ? !ETag.includes('-') : type === 'FULL_OBJECT';
  return ofAll && FOUR_BYTES.test(told)
    ? { crc32: Buffer.from(told, 'base64').toString('hex') }
    : {};
}

const FOUR_BYTES = /^[A-Za-z0-9+/]{6}==$/;

function bytesOf(crc32: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes;
}
