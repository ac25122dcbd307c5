import { expect, test } from 'vitest';
import type { Bucket } from '../../activities/products/influxdb-v2/buckets.ts';
import { chooseBuckets } from '../../activities/products/influxdb-v2/restore-choice.ts';

const HELD = ['acme/telemetry', 'acme/events', 'globex/telemetry', 'globex/billing'].map(
  (name, at): Bucket => {
    const [organizationName = '', bucketName = ''] = name.split('/');
    const ids = { organizationID: `org of ${organizationName}`, bucketID: `bucket ${at}` };
    return { ...ids, organizationName, bucketName, retentionPolicies: [] };
  },
);

const chosen = (organisations: string[], buckets: string[]) =>
  chooseBuckets(HELD, { target: 'metrics', select: { organisations, buckets } }).map(
    ({ organisation, name }) => `${organisation}/${name}`,
  );

test('buckets are chosen in the organisations that are selected', () => {
  expect(chosen(['acme'], ['telemetry', 'events'])).toEqual(['acme/telemetry', 'acme/events']);
  expect(chosen(['acme', 'globex'], ['billing'])).toEqual(['globex/billing']);
});

test.each(['billing', 'globex/billing', 'bucket 3'])(
  'the bucket %s of another organisation than those is not left out without a word',
  (bucket) => {
    expect(() => chosen(['acme'], ['telemetry', bucket])).toThrow(
      expect.objectContaining({
        code: 'SELECTION_EMPTY',
        message: `The backup holds no bucket "${bucket}" in the organisations that are selected; they hold acme/telemetry, acme/events.`,
      }),
    );
  },
);
