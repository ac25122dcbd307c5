/** How many values each selector of simple8b packs into one word, and in how many bits each. */
const PACKED = [240, 120, 60, 30, 20, 15, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1];
const BITS = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 60];
const FIRST_BYTES = 9;
const HALF = 2 ** 32;
/** A block holds a thousand, and some tens of thousands at the most. */
const MOST_REPEATED = 2 ** 24;

/**
 * A time in nanoseconds, as the two halves of its 64 bits, each a signed integer: these are passed on without being
 * allocated, unlike larger numbers and big ones.
 */
export type VisitTime = (high: number, low: number) => void;

/** Timestamps are stored raw, packed (simple8b) or as one step and a count; the first half byte says which. */
export function countTimestamps(times: Buffer): number {
  switch (times.readUInt8(0) >> 4) {
    case 0:
      return (times.length - 1) / 8;
    case 1: {
      // The first timestamp stands by itself in front of the packed differences.
      let count = 1;
      for (let at = FIRST_BYTES; at < times.length; at += 8) {
        count += PACKED[times.readUInt8(at) >> 4] ?? 0;
      }
      return count;
    }
    case 2:
      return uvarint(times, uvarint(times, FIRST_BYTES).next).value;
    default:
      throw new RangeError('unknown encoding of timestamps');
  }
}

/**
 * Every timestamp of a block, in its order. Whichever the encoding, the first is followed by differences; the second half
 * byte is the power of ten by which these were divided.
 * @throws RangeError
 */
export function eachTimestamp(times: Buffer, visit: VisitTime): void {
  const encoding = times.readUInt8(0) >> 4;
  const clock = new Clock(times.readInt32BE(1), times.readInt32BE(5), visit);
  if (encoding === 0) {
    for (let at = FIRST_BYTES; at < times.length; at += 8) {
      clock.advance(times.readInt32BE(at), times.readInt32BE(at + 4));
    }
    return;
  }
  const scale = 10 ** (times.readUInt8(0) & 0x0f);
  if (encoding === 1) {
    for (let at = FIRST_BYTES; at < times.length; at += 8) unpack(times, at, scale, clock);
    return;
  }
  if (encoding !== 2) throw new RangeError('unknown encoding of timestamps');
  const { next } = uvarint(times, FIRST_BYTES);
  const [high, low] = halvesOf(exactUvarint(times, FIRST_BYTES, next) * BigInt(scale));
  const count = uvarint(times, next).value;
  if (count > MOST_REPEATED) throw new RangeError('impossible number of timestamps');
  for (let i = 1; i < count; i += 1) clock.advance(high, low);
}

function unpack(times: Buffer, at: number, scale: number, clock: Clock): void {
  const high = times.readInt32BE(at);
  const low = times.readInt32BE(at + 4);
  const selector = high >>> 28;
  const count = PACKED[selector] ?? 0;
  const bits = BITS[selector] ?? 0;
  if (bits === 0) {
    for (let i = 0; i < count; i += 1) clock.step(1, scale);
    return;
  }
  if (bits === 60) {
    const value = (BigInt(high & 0x0fff_ffff) << 32n) | BigInt(low >>> 0);
    clock.far(value * BigInt(scale));
    return;
  }
  const mask = 2 ** bits - 1;
  for (let i = 0, from = 0; i < count; i += 1, from += bits) {
    if (from >= 32) clock.step((high >>> (from - 32)) & mask, scale);
    else if (from + bits <= 32) clock.step((low >>> from) & mask, scale);
    else clock.step(((low >>> from) | (high << (32 - from))) & mask, scale);
  }
}

class Clock {
  #high: number;
  #low: number;
  readonly #visit: VisitTime;

  constructor(high: number, low: number, visit: VisitTime) {
    this.#high = high;
    this.#low = low;
    this.#visit = visit;
    visit(high, low);
  }

  advance(high: number, low: number): void {
    const sum = (this.#low + low) | 0;
    const carry = sum >>> 0 < low >>> 0 ? 1 : 0;
    this.#low = sum;
    this.#high = (this.#high + high + carry) | 0;
    this.#visit(this.#high, sum);
  }

  step(value: number, scale: number): void {
    const scaled = value * scale;
    // Beyond it a product is not exact any more: between such points lie months.
    if (scaled > Number.MAX_SAFE_INTEGER) this.far(BigInt(value) * BigInt(scale));
    else this.advance((scaled / HALF) | 0, scaled | 0);
  }

  far(step: bigint): void {
    const [high, low] = halvesOf(step);
    this.advance(high, low);
  }
}

function halvesOf(value: bigint): [number, number] {
  return [Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value))];
}

/** Little groups of seven bits, the lowest first. Exact below 2^53, which every count is. */
export function uvarint(buffer: Buffer, start: number): { value: number; next: number } {
  let value = 0;
  for (let at = start, scale = 1; ; at += 1, scale *= 128) {
    const byte = buffer.readUInt8(at);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
  }
}

function exactUvarint(buffer: Buffer, start: number, end: number): bigint {
  let value = 0n;
  for (let at = end - 1; at >= start; at -= 1) {
    value = (value << 7n) | BigInt(buffer.readUInt8(at) & 0x7f);
  }
  return value;
}
