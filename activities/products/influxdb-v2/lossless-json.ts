import { randomUUID } from 'node:crypto';

/**
 * JSON whose integers survive: those that a double cannot hold (durations in nanoseconds reach 2^63) become `bigint`.
 * `print(parse(text))` says the same numbers, digit by digit.
 */
export function parse(text: string): unknown {
  // A marker that no text can hold by chance or by intent.
  const mark = `${randomUUID()}:`;
  let marked = false;
  const safe = text.replace(TOKENS, (token: string, digits: string | undefined) => {
    if (digits === undefined || Number.isSafeInteger(Number(digits))) return token;
    marked = true;
    return `"${mark}${digits}"`;
  });
  if (!marked) return JSON.parse(text) as unknown;
  return JSON.parse(safe, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  ) as unknown;
}

export function print(value: unknown, indent?: number): string {
  const mark = `${randomUUID()}:`;
  let marked = false;
  const text = JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item !== 'bigint') return item;
      marked = true;
      return `${mark}${item}`;
    },
    indent,
  );
  return marked ? text.replace(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1') : text;
}

/** Strings as wholes, so that digits inside them are left alone; then long integers that have no fraction. */
const TOKENS = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])(-?\d{16,})(?![\d.eE])/g;
