import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../activities/config/config.ts';
import { influxdb3Enterprise } from '../../activities/products/influxdb-3-enterprise/index.ts';

const { connection: schema } = influxdb3Enterprise;
const storage = (connection: Record<string, unknown>) => influxdb3Enterprise.storage(connection);
const good = {
  url: 'http://127.0.0.1:8181',
  token: { env: 'TOKEN' },
  clusterId: 'cluster01',
  storage: { type: 'directory', path: '/data' },
};

describe('a connection', () => {
  test('needs little, and survives being read twice, as from a history', () => {
    const once = schema.parse(good);
    expect(once).toEqual({ ...good, census: 'rows' });
    expect(schema.strict().parse(once)).toEqual(once);
    expect(storage(once)).toEqual({ ...good.storage, name: 'cluster-cluster01' });
  });

  test.each([
    [{ url: undefined }, /either `url` or `nodes`/],
    [{ nodes: ['http://127.0.0.1:1'] }, /either `url` or `nodes`/],
    [{ url: 'http://user:secret@host' }, /without user, query or fragment/],
    [{ url: undefined, nodes: [] }, /nodes/],
    [{ clusterId: '../elsewhere' }, /`--cluster-id` of the servers/],
    [{ token: 'a-secret' }, /token/],
    [{ storage: { type: 'memory' } }, /storage/],
    [{ storage: { type: 's3', bucket: 'b', partSize: '1MiB' } }, /partSize/],
    [{ nonsense: 1 }, /nonsense/],
  ])('with %j is refused, also where the configuration makes it strict', (change, said) => {
    for (const one of [schema, schema.strict()]) {
      const { error } = one.safeParse({ ...good, ...change });
      expect(error?.message ?? '').toMatch(said);
    }
  });
});

test('the example can be read', async () => {
  const path = fileURLToPath(
    new URL('../../docs/examples/influxdb-3-enterprise.yaml', import.meta.url),
  );
  const { targets } = await loadConfig({ path });
  const target = targets.get('metrics-eu')!;
  expect(target.product).toBe('influxdb-3-enterprise');
  expect(storage(target.connection)).toMatchObject({ type: 's3', bucket: 'example-metrics-eu' });
});
