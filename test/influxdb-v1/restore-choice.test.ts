import { expect, test } from 'vitest';
import { chooseDatabases } from '../../activities/products/influxdb-v1/restore-choice.ts';
import type { Database } from '../../activities/pipeline/influxdb-portable/metadata.ts';

const policy = (name: string): Database['policies'][number] => ({
  name,
  duration: 0n,
  groupDuration: 0n,
  replicas: 1,
  groups: [],
  subscriptions: [],
});
const HELD = Object.entries({ plant: ['raw', 'hourly'], office: ['raw', 'daily'] }).map(
  ([name, policies]): Database => ({
    name,
    defaultPolicy: 'raw',
    policies: policies.map(policy),
    continuousQueries: [],
  }),
);

const chosen = (databases: string[], retentionPolicies: string[]) =>
  chooseDatabases(HELD, { target: 'old', select: { databases, retentionPolicies } }).flatMap(
    ({ name, policies }) => policies.map((one) => `${name}/${one.name}`),
  );

test('retention policies are chosen in the databases that are selected', () => {
  expect(chosen(['plant', 'office'], ['raw'])).toEqual(['plant/raw', 'office/raw']);
  expect(chosen(['plant'], ['raw', 'plant/hourly'])).toEqual(['plant/raw', 'plant/hourly']);
});

test.each(['daily', 'office/raw'])(
  'the policy %s of another database than those is not left out without a word',
  (name) => {
    expect(() => chosen(['plant'], ['raw', name])).toThrow(
      expect.objectContaining({
        code: 'SELECTION_EMPTY',
        message: `The backup holds no retention policy "${name}" in the databases that are selected.`,
      }),
    );
  },
);

test('a database that has none of the selected policies is not left out without a word', () => {
  expect(() => chosen(['plant', 'office'], ['hourly'])).toThrow(
    expect.objectContaining({
      code: 'SELECTION_EMPTY',
      message: expect.stringMatching(
        /^The database "office" in the backup has none of the retention policies/,
      ) as string,
    }),
  );
});
