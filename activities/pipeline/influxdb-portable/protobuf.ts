import { FormatFault } from '../formats/format-fault.ts';

/** One field of a protobuf message: a varint, or bytes (text, a nested message). Other kinds are passed over. */
export interface Field {
  number: number;
  value: bigint | Buffer;
}

/** The fields of a message, in its order. @throws FormatFault */
export function* fieldsOf(message: Buffer): Generator<Field> {
  for (let at = 0; at < message.length;) {
    const tag = varint(message, at);
    at = tag.next;
    const number = Number(tag.value >> 3n);
    const kind = Number(tag.value & 7n);
    if (number === 0) throw garbled('has a field without a number');
    if (kind === 0) {
      const { value, next } = varint(message, at);
      at = next;
      yield { number, value };
    } else if (kind === 2) {
      const length = varint(message, at);
      const end = length.next + Number(length.value);
      if (end > message.length) throw truncated();
      yield { number, value: message.subarray(length.next, end) };
      at = end;
    } else if (kind === 1 || kind === 5) {
      at += kind === 1 ? 8 : 4;
      if (at > message.length) throw truncated();
    } else throw garbled(`has a field of the kind ${kind}`);
  }
}

/** 64 bits, as two's complement where the field is signed: `BigInt.asIntN(64, value)`. */
function varint(message: Buffer, start: number): { value: bigint; next: number } {
  let value = 0n;
  for (let at = start, shift = 0n; shift < 70n; at += 1, shift += 7n) {
    const byte = message[at];
    if (byte === undefined) throw truncated();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: at + 1 };
  }
  throw garbled('has a number that does not end');
}

/** One field, to be joined with others. Negative numbers are written as two's complement. */
export function encodeField(number: number, value: bigint | number | string | Buffer): Buffer {
  if (typeof value === 'bigint' || typeof value === 'number') {
    return Buffer.concat([encodeVarint(BigInt(number) << 3n), encodeVarint(BigInt(value))]);
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const tag = encodeVarint((BigInt(number) << 3n) | 2n);
  return Buffer.concat([tag, encodeVarint(BigInt(bytes.length)), bytes]);
}

function encodeVarint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function garbled(what: string): FormatFault {
  return new FormatFault('garbled', `is not the metadata of InfluxDB 1: it ${what}`);
}

function truncated(): FormatFault {
  return new FormatFault('truncated', 'is metadata of InfluxDB 1 that end too early');
}
