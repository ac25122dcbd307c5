/** Unsigned LEB128, as Go's encoding/binary writes it. */
export function uvarint(value: bigint | number): Buffer {
  if (value < 0x80) return Buffer.of(Number(value));
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function readUvarint(bytes: Uint8Array, at: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = at, shift = 0n; i < bytes.length; i++, shift += 7n) {
    const byte = bytes[i] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next: i + 1 };
  }
  throw new Error('the number ends early');
}
