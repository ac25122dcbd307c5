const SECOND = 1_000_000_000n;

/** As the server prints nanoseconds in JSON: without a zone, with as many digits as there is need. */
export function printTime(time: bigint): string {
  const [seconds, nanos] = [floorDivide(time, SECOND), ((time % SECOND) + SECOND) % SECOND];
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  if (nanos === 0n) return whole;
  const digits = nanos.toString().padStart(9, '0');
  if (digits.endsWith('000000')) return `${whole}.${digits.slice(0, 3)}`;
  return `${whole}.${digits.endsWith('000') ? digits.slice(0, 6) : digits}`;
}

export function parseTime(text: string): bigint {
  const found = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z?$/.exec(text);
  if (!found) throw new Error(`Error parsing timestamp from '${text}'`);
  const [, day = '', time = '', fraction = ''] = found;
  return (
    BigInt(Date.parse(`${day}T${time}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0') || '0')
  );
}

function floorDivide(a: bigint, b: bigint): bigint {
  return a % b < 0n ? a / b - 1n : a / b;
}
