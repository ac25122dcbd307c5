import { describe, expect, it } from 'vitest';
import { parseMetadata } from '../../activities/pipeline/influxdb-portable/metadata.ts';
import { encodeField, fieldsOf } from '../../activities/pipeline/influxdb-portable/protobuf.ts';
import { composeMetadata } from '../../activities/products/influxdb-v1/compose-metadata.ts';
import { metadata } from './portable-backup.ts';

const HOUR = 3_600_000_000_000n;

describe('the metadata of a portable backup', () => {
  it('name databases, retention policies, shard groups and shards', () => {
    const [telemetry, events, empty] = metadata.databases;
    expect(metadata.databases.map(({ name }) => name)).toEqual([
      'telemetry',
      'events of plant 7',
      'empty',
    ]);
    expect(telemetry?.defaultPolicy).toBe('raw');
    expect(telemetry?.policies.map(({ name, duration }) => [name, duration])).toEqual([
      ['raw', 0n],
      ['monthly', 520n * 7n * 24n * HOUR],
    ]);
    const [group] = telemetry?.policies[0]?.groups ?? [];
    expect(group).toEqual({
      id: 1,
      start: 1_699_999_200_000_000_000n,
      end: 1_699_999_200_000_000_000n + HOUR,
      deleted: false,
      truncatedAt: undefined,
      shards: [1],
    });
    expect(events?.policies[0]?.groups.flatMap(({ shards }) => shards)).toEqual([7, 8, 9]);
    expect(empty?.policies[0]?.groups).toEqual([]);
  });

  it('name what no restore brings back: users and continuous queries', () => {
    expect(metadata.users).toEqual(['reader']);
    expect(metadata.databases[0]?.continuousQueries).toEqual([
      {
        name: 'means',
        query: expect.stringMatching(/^CREATE CONTINUOUS QUERY means ON telemetry/),
      },
    ]);
  });

  it('can be composed again for one database, and read as they were', () => {
    for (const database of metadata.databases) {
      const { name, defaultPolicy, policies } = database;
      const again = parseMetadata(composeMetadata({ name, defaultPolicy, policies }));
      const shards = policies.flatMap(({ groups }) => groups.flatMap((group) => group.shards));
      expect(again).toEqual({
        users: [],
        databases: [{ ...database, continuousQueries: [] }],
        lastShard: Math.max(0, ...shards),
      });
    }
  });

  it('keep times before 1970 and durations beyond 2^53 nanoseconds', () => {
    const group = {
      id: 1,
      start: -5n * HOUR,
      end: 9_223_372_036_854_775_806n,
      deleted: false,
      truncatedAt: -HOUR,
      shards: [2 ** 40],
    };
    const policy = { name: 'p', duration: 2n ** 60n, groupDuration: HOUR, replicas: 1 };
    const policies = [{ ...policy, groups: [group], subscriptions: [] }];
    const { databases } = parseMetadata(
      composeMetadata({ name: 'd', defaultPolicy: 'p', policies }),
    );
    expect(databases[0]?.policies).toEqual(policies);
  });

  it('have the first group of all begin with the earliest point, where its own beginning did not fit', () => {
    const end = -9_223_369_200_000_000_000n;
    const start = 2n ** 64n + end - HOUR;
    const group = { id: 1, start, end, deleted: false, truncatedAt: undefined, shards: [1] };
    const policy = { name: 'p', duration: 0n, groupDuration: HOUR, replicas: 1, subscriptions: [] };
    const { databases } = parseMetadata(
      composeMetadata({
        name: 'd',
        defaultPolicy: 'p',
        policies: [{ ...policy, groups: [group] }],
      }),
    );
    expect(databases[0]?.policies[0]?.groups).toEqual([
      { ...group, start: -9_223_372_036_854_775_806n },
    ]);
  });
});

describe('a protobuf message', () => {
  it('passes over kinds of fields that are not needed', () => {
    const fixed = Buffer.concat([
      Buffer.from([0x09]),
      Buffer.alloc(8),
      Buffer.from([0x15]),
      Buffer.alloc(4),
    ]);
    const message = Buffer.concat([fixed, encodeField(3, 'text'), encodeField(4, -1n)]);
    expect([...fieldsOf(message)]).toEqual([
      { number: 3, value: Buffer.from('text') },
      { number: 4, value: 2n ** 64n - 1n },
    ]);
  });
});
