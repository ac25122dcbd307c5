import { expect, test } from 'vitest';
import type { LiveBucket, Resources } from '../../activities/products/influxdb-v2/resources.ts';
import { undoBuckets } from '../../activities/products/influxdb-v2/undo-buckets.ts';

const planned = (name: string, everySeconds: number) => ({
  from: name,
  organisation: 'acme',
  name,
  temporary: `${name}.restoring-run1`,
  description: '',
  retention: { everySeconds, shardGroupSeconds: 3600 },
});

test('a bucket that is kept unproven is told with the retention that it has in the backup', async () => {
  const plan = {
    version: 1 as const,
    mode: 'buckets' as const,
    backup: 'b',
    run: 'run1',
    buckets: [planned('week', 604_800), planned('always', 0)],
  };
  const live = plan.buckets.map(({ temporary }) => ({
    id: temporary,
    orgID: 'o',
    name: temporary,
  }));
  const changed: object[] = [];
  const resources = {
    organisations: async () => [{ id: 'o', name: 'acme' }],
    buckets: async () => live as LiveBucket[],
    changeBucket: async (id: string, change: object) => void changed.push({ id, ...change }),
  } as unknown as Resources;
  expect(await undoBuckets(plan, true, undefined, resources)).toEqual({
    removed: [],
    quarantined: [
      'acme/week.unproven-run1 (it was restored to keep its data for ever; in the backup they are kept 7d)',
      'acme/always.unproven-run1',
    ],
  });
  expect(changed).toEqual([
    { id: 'week.restoring-run1', name: 'week.unproven-run1' },
    { id: 'always.restoring-run1', name: 'always.unproven-run1' },
  ]);
});
