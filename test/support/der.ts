// As much of DER (ITU-T X.690) as a certificate is written with.

export function tagged(tag: number, content: Buffer | string): Buffer {
  const body = Buffer.from(content);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body.length)]), body]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

export const sequence = (...parts: Buffer[]) => tagged(0x30, Buffer.concat(parts));
export const set = (...parts: Buffer[]) => tagged(0x31, Buffer.concat(parts));
export const integer = (value: number) => tagged(0x02, Buffer.from([value]));
export const yes = () => tagged(0x01, Buffer.from([0xff]));
export const bytes = (content: Buffer) => tagged(0x04, content);
/** The first byte counts the bits of the last one that are not used. */
export const bits = (content: Buffer) => tagged(0x03, Buffer.concat([Buffer.from([0]), content]));

/** Of this century, to the second. */
export function time(moment: Date): Buffer {
  const digits = moment.toISOString().replaceAll(/\D/g, '');
  return tagged(0x17, `${digits.slice(2, 14)}Z`);
}

export function object(identifier: string): Buffer {
  const [first = 0, second = 0, ...others] = identifier.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...others.flatMap(inSevenBits)]));
}

function inSevenBits(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
