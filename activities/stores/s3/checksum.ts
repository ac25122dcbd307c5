import { crc32 } from 'node:zlib';

/** The CRC32 of a body in the way S3 is told of it: four bytes, the highest first, in base64. */
export function crc32Of(body: Uint8Array): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}
