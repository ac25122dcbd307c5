import { expect, test } from 'vitest';
import { shardKey, type ShardGroup } from '../../activities/products/influxdb-v2/buckets.ts';

const BUCKET = { bucketID: '0123456789abcdef' };
const SHARD = { id: 1 };
const group = (startTime: string, endTime: string): ShardGroup => ({
  id: 1,
  startTime,
  endTime,
  shards: [SHARD],
});
const keyOf = (startTime: string, endTime = '1677-09-21T01:00:00Z') =>
  shardKey(BUCKET, group(startTime, endTime), SHARD);

test('a shard of the earliest points is the same whether its server was started again or not', () => {
  const before = keyOf('1677-09-21T00:00:00Z');
  expect(keyOf('2262-04-11T23:34:33.709551616Z')).toBe(before);
  expect(keyOf('2262-04-11T23:34:33.709551616Z', '1677-09-28T00:00:00Z')).not.toBe(before);
});

test('shards of one number are told apart by their times', () => {
  const key = keyOf('1677-09-21T01:00:00Z', '1677-09-21T02:00:00Z');
  expect(keyOf('1677-09-21T01:30:00Z', '1677-09-21T02:00:00Z')).not.toBe(key);
  expect(keyOf('2262-04-11T23:00:00Z', '2262-04-11T23:47:16.854775807Z')).not.toBe(key);
});
