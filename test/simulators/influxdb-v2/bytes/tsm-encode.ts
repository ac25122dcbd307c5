import { BitWriter } from './bit-writer.ts';
import { TYPE, type TypeNumber, type Value } from './points.ts';
import { uvarint } from './varint.ts';

/** The data of one block, without its checksum. `times` ascend; `raw` forgoes run-length encoding of times. */
export function encodeBlock(
  type: TypeNumber,
  times: bigint[],
  values: Value[],
  raw = false,
): Buffer {
  const encodedTimes = encodeTimes(times, raw);
  return Buffer.concat([
    Buffer.of(type),
    uvarint(encodedTimes.length),
    encodedTimes,
    encodeValues(type, values),
  ]);
}

function encodeTimes(times: bigint[], raw: boolean): Buffer {
  const first = times[0] ?? 0n;
  const step = (times[1] ?? 0n) - first;
  const even = times.every((time, i) => time === first + BigInt(i) * step);
  if (even && times.length > 1 && !raw) {
    const head = Buffer.alloc(9);
    head[0] = 2 << 4;
    head.writeBigUInt64BE(BigInt.asUintN(64, first), 1);
    return Buffer.concat([head, uvarint(step), uvarint(times.length)]);
  }
  const bytes = Buffer.alloc(1 + 8 * times.length);
  let previous = 0n;
  times.forEach((time, i) => {
    bytes.writeBigUInt64BE(BigInt.asUintN(64, time - previous), 1 + 8 * i);
    previous = time;
  });
  return bytes;
}

function encodeValues(type: TypeNumber, values: Value[]): Buffer {
  if (type === TYPE.float) return encodeFloats(values.map(Number));
  if (type === TYPE.boolean) return encodeBooleans(values.map(Boolean));
  if (type === TYPE.string) return encodeStrings(values.map((value) => Buffer.from(String(value))));
  return encodeIntegers(values.map((value) => BigInt(value)));
}

const END_OF_FLOATS = Buffer.from('7ff8000000000001', 'hex');

function encodeFloats(values: number[]): Buffer {
  const writer = new BitWriter();
  let previous: Buffer = Buffer.alloc(8);
  const push = (bits: Buffer, first: boolean) => {
    const difference = Buffer.from(bits.map((byte, i) => byte ^ (previous[i] ?? 0)));
    previous = bits;
    if (first) writer.writeBytes(bits);
    else if (difference.every((byte) => byte === 0)) writer.write(0, 1);
    else {
      // A new window of all 64 bits, every time: no leading zeros, and a length of 64 that wraps to 0.
      writer.write(0b11, 2);
      writer.write(0, 11);
      writer.writeBytes(difference);
    }
  };
  values.forEach((value, i) => {
    const bits = Buffer.alloc(8);
    bits.writeDoubleBE(value);
    push(bits, i === 0);
  });
  push(END_OF_FLOATS, false);
  return Buffer.concat([Buffer.of(1 << 4), writer.finish()]);
}

/** Differences of neighbours, zig-zag, eight bytes each. */
function encodeIntegers(values: bigint[]): Buffer {
  const bytes = Buffer.alloc(1 + 8 * values.length);
  let previous = 0n;
  values.forEach((value, i) => {
    const difference = BigInt.asIntN(64, value - previous);
    const zigzag = (difference << 1n) ^ (difference >> 63n);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, zigzag), 1 + 8 * i);
    previous = value;
  });
  return bytes;
}

function encodeBooleans(values: boolean[]): Buffer {
  const bits = Buffer.alloc(Math.ceil(values.length / 8));
  values.forEach((value, i) => {
    if (value) bits[i >>> 3] = (bits[i >>> 3] ?? 0) | (0x80 >>> (i & 7));
  });
  return Buffer.concat([Buffer.of(1 << 4), uvarint(values.length), bits]);
}

/** Snappy's block format with literals only. */
export function encodeStrings(values: Uint8Array[]): Buffer {
  const plain = Buffer.concat(values.flatMap((value) => [uvarint(value.length), value]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Math.max(0, plain.length - 1));
  return Buffer.concat([
    Buffer.of(1 << 4),
    uvarint(plain.length),
    Buffer.of(63 << 2),
    length,
    plain,
  ]);
}
