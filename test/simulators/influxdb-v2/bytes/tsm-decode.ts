import { BitReader } from './bit-writer.ts';
import { TYPE, type TypeNumber, type Value } from './points.ts';
import { readUvarint } from './varint.ts';

/**
 * The points of one block, as far as the simulator's own encoder writes them. Throws on anything else, which is what a
 * server meets in a damaged block.
 */
export function decodeBlock(block: Buffer): { times: bigint[]; values: Value[] } {
  const type = block.readUInt8(0) as TypeNumber;
  const { value: length, next } = readUvarint(block, 1);
  const times = decodeTimes(block.subarray(next, next + Number(length)));
  const body = block.subarray(next + Number(length));
  const values = decodeValues(type, body, times.length);
  if (values.length !== times.length) throw new Error('times and values differ in number');
  return { times, values };
}

function decodeTimes(bytes: Buffer): bigint[] {
  const encoding = bytes.readUInt8(0) >>> 4;
  if (encoding === 2) {
    const first = bytes.readBigInt64BE(1);
    const step = readUvarint(bytes, 9);
    const count = Number(readUvarint(bytes, step.next).value);
    const scale = 10n ** BigInt(bytes.readUInt8(0) & 15);
    return Array.from({ length: count }, (_, i) => first + BigInt(i) * step.value * scale);
  }
  if (encoding !== 0) throw new Error(`times in encoding ${encoding}`);
  return prefixSums(words(bytes.subarray(1)));
}

function decodeValues(type: TypeNumber, bytes: Buffer, count: number): Value[] {
  if (type === TYPE.float) return decodeFloats(bytes, count);
  if (type === TYPE.boolean) return decodeBooleans(bytes);
  if (type === TYPE.string) return decodeStrings(bytes);
  if (bytes.readUInt8(0) !== 0) throw new Error(`integers in encoding ${bytes.readUInt8(0) >>> 4}`);
  const differences = words(bytes.subarray(1)).map((word) => (word >> 1n) ^ -(word & 1n));
  const values = prefixSums(differences);
  return type === TYPE.unsigned ? values.map((value) => BigInt.asUintN(64, value)) : values;
}

function words(bytes: Buffer): bigint[] {
  return Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readBigUInt64BE(8 * i));
}

function prefixSums(differences: bigint[]): bigint[] {
  let sum = 0n;
  return differences.map((difference) => (sum = BigInt.asIntN(64, sum + difference)));
}

function decodeFloats(bytes: Buffer, count: number): number[] {
  const bits = new BitReader(bytes.subarray(1));
  let current = bits.readBytes(8);
  const values = [current.readDoubleBE()];
  while (values.length < count) {
    if (bits.read(1) === 1) {
      if (bits.read(12) !== 0b1_00000_000000) throw new Error('floats in a narrower window');
      const difference = bits.readBytes(8);
      current = Buffer.from(current.map((byte, i) => byte ^ (difference[i] ?? 0)));
    }
    values.push(current.readDoubleBE());
  }
  return values;
}

function decodeBooleans(bytes: Buffer): boolean[] {
  const { value: count, next } = readUvarint(bytes, 1);
  return Array.from(
    { length: Number(count) },
    (_, i) => (((bytes[next + (i >>> 3)] ?? 0) >>> (7 - (i & 7))) & 1) === 1,
  );
}

function decodeStrings(bytes: Buffer): string[] {
  const head = readUvarint(bytes, 1);
  if (bytes[head.next] !== 63 << 2) throw new Error('strings that are not one literal');
  const plain = bytes.subarray(head.next + 5, head.next + 5 + Number(head.value));
  const values: string[] = [];
  for (let at = 0; at < plain.length;) {
    const { value: length, next } = readUvarint(plain, at);
    at = next + Number(length);
    values.push(plain.toString('utf8', next, at));
  }
  return values;
}
