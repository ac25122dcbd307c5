/** A CRC32 in the way S3 is told of it: four bytes, the highest first, in base64. */
export function checksumOf(crc32: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString('base64');
}
