import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  cronTimes,
  formatDuration,
  jsonSchema,
  parseDuration,
} from '../../activities/config/config.ts';
import { parseSize } from '../../activities/config/size.ts';

describe('holdfast.schema.json', () => {
  it('is what the code checks: `holdfast schema > holdfast.schema.json` renews it', async () => {
    const path = new URL('../../holdfast.schema.json', import.meta.url);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(jsonSchema());
  });

  it('knows the connection of each product', () => {
    const text = JSON.stringify(jsonSchema());
    expect(text).toContain('"product":{"const":"influxdb-v2"}');
    expect(text).toContain('tokenAfterRestore');
  });
});

describe('a cron expression', () => {
  it.each([
    ['@daily', '0 0 * * *'],
    ['*/20 * * * *', '0,20,40 * * * *'],
    ['0 2 * JAN-mar MON-fri', '0 2 * 1-3 1-5'],
    ['0 2 * * 7', '0 2 * * sun'],
    ['0 2/6 * * ?', '0 2,8,14,20 * * *'],
  ])('means the same written as %s and as %s', (one, other) => {
    expect(cronTimes(one)).toEqual(cronTimes(other));
  });

  it('differs from another time', () => {
    expect(cronTimes('0 2 * * *')).not.toEqual(cronTimes('0 3 * * *'));
  });
});

describe('a duration and a size', () => {
  it.each(['90s', '10m', '2h', '7d', '500ms', '0s'])('is written back as it was: %s', (text) => {
    expect(formatDuration(parseDuration(text))).toBe(text);
  });

  it.each([
    ['1B', 1],
    ['1kB', 1_000],
    ['1KiB', 1_024],
    ['1.5MiB', 1_572_864],
    ['5TiB', 5_497_558_138_880],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});
