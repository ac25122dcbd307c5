import { describe, expect, it } from 'vitest';
import { parse, print } from '../../activities/products/influxdb-v2/lossless-json.ts';

describe('JSON of the server', () => {
  it.each([
    '{"duration":9223372036854775807,"min":-9223372036854775808,"small":3600000000000}',
    '[9007199254740993,9007199254740992,9007199254740991]',
    '{"text":"9223372036854775807","quoted":"\\"9223372036854775807\\"","end":"\\\\"}',
    '[1.2345678901234567,1e21,-0.5,12345678901234567e3]',
    '{"9223372036854775807":1}',
    '""',
  ])('keeps every digit of %s', (text) => {
    expect(print(parse(text))).toBe(exactly(text));
  });

  it('gives integers that a double holds as numbers, and others as bigint', () => {
    expect(parse('[3600000000000,9007199254740993]')).toEqual([3600000000000, 9007199254740993n]);
  });

  it('refuses what is no JSON', () => {
    expect(() => parse('{"a":9223372036854775807')).toThrow(SyntaxError);
  });

  it('indents as it is told', () => {
    expect(print({ a: [9007199254740993n] }, 2)).toBe('{\n  "a": [\n    9007199254740993\n  ]\n}');
  });
});

/** Fractions are printed as JavaScript does; only integers have to survive as they are written. */
function exactly(text: string): string {
  return text === '[1.2345678901234567,1e21,-0.5,12345678901234567e3]'
    ? '[1.2345678901234567,1e+21,-0.5,12345678901234567000]'
    : text;
}
