import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, snapshotOf, targetOf } from '../../activities/config/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { load, withTarget } from './load.ts';

describe('a configuration', () => {
  it('gives a snapshot with every default, and without a secret', async () => {
    const config = await load(withTarget());
    const { path } = config.stores.get('main') as { path: string };
    expect(snapshotOf(config, 'metrics')).toEqual({
      target: 'metrics',
      product: 'influxdb-v2',
      taskQueue: 'holdfast',
      connection: { url: 'http://a:8086', token: { env: 'T' }, compression: 'none' },
      store: { name: 'main', type: 'directory', path },
      encryption: undefined,
      limits: { concurrency: 4 },
      timeouts: {
        heartbeat: 30_000,
        lockWait: 600_000,
        stall: 300_000,
        retryPause: 300_000,
        attempts: 150,
        job: 86_400_000,
        copy: 86_400_000,
      },
      locks: ['target/metrics'],
      protected: false,
      safetyBackup: true,
    });
  });

  it('gives sizes in bytes and durations in milliseconds', async () => {
    const config = await load(
      withTarget(
        [
          '    limits: { concurrency: 2, bytesPerSecond: 1.5MiB }',
          '    timeouts: { heartbeat: 500ms, lockWait: 0s, stall: 90s, retryPause: 2h, attempts: 3, job: 3h }',
          '    schedule: { cron: "@daily", catchUp: 7d }',
        ].join('\n'),
      ),
    );
    const { limits, timeouts } = snapshotOf(config, 'metrics');
    expect(limits).toEqual({ concurrency: 2, bytesPerSecond: 1_572_864 });
    expect(timeouts).toEqual({
      heartbeat: 500,
      lockWait: 0,
      stall: 90_000,
      retryPause: 7_200_000,
      attempts: 3,
      job: 10_800_000,
      copy: 86_400_000,
    });
    expect(targetOf(config, 'metrics').schedule).toEqual({
      cron: '@daily',
      timeZone: 'UTC',
      jitter: 0,
      overlap: 'skip',
      catchUp: 604_800_000,
      pauseOnFailure: false,
    });
  });

  it('takes the lock of a shared cluster first', async () => {
    const config = await load(withTarget('    cluster: eu-1'));
    expect(snapshotOf(config, 'metrics').locks).toEqual([
      'cluster/influxdb-v2/eu-1',
      'target/metrics',
    ]);
  });

  it('takes a lock of its own for what a product shares, beside that of the cluster, in one order', async () => {
    const connection = '{ project: acme, service: metrics, token: { env: T } }';
    const text = (lines = '') =>
      withTarget(lines, connection).replace('product: influxdb-v2', 'product: aiven-influxdb');
    const own = 'cluster/aiven-influxdb/acme/metrics';
    const locksOf = async (lines?: string) => snapshotOf(await load(text(lines)), 'metrics').locks;
    expect(await locksOf()).toEqual([own, 'target/metrics']);
    for (const [cluster, expected] of [
      ['aaa', ['cluster/aiven-influxdb/aaa', own]],
      ['zzz', [own, 'cluster/aiven-influxdb/zzz']],
    ] as const) {
      expect(await locksOf(`    cluster: ${cluster}`)).toEqual([...expected, 'target/metrics']);
    }
  });

  it('takes one lock for a cluster of InfluxDB 3 Enterprise, whichever target it is', async () => {
    const locksOf = async (storage: string) => {
      const connection = `{ nodes: ['http://a'], token: { env: T }, clusterId: eu, storage: ${storage} }`;
      const text = withTarget('', connection).replace('influxdb-v2', 'influxdb-3-enterprise');
      return snapshotOf(await load(text), 'metrics').locks;
    };
    const lock = (place: string) => [`cluster/influxdb-3-enterprise/${place}`, 'target/metrics'];
    const endpoint = 'endpoint: "https://s3.example.com"';
    expect(await locksOf('{ type: s3, bucket: b }')).toEqual(lock('b/eu'));
    expect(await locksOf(`{ type: s3, bucket: b, prefix: p, ${endpoint} }`)).toEqual(
      lock('s3.example.com/b/p/eu'),
    );
    const regional = 'endpoint: "https://s3.eu-central-1.amazonaws.com"';
    expect(await locksOf(`{ type: s3, bucket: b, ${regional} }`)).toEqual(lock('b/eu'));
    expect(await locksOf('{ type: directory, path: /data }')).toEqual(lock('/data/eu'));
  });

  it('means paths relative to its own file, and ~/ as the home', async () => {
    const text = withTarget('', '{ url: http://a, token: { file: secrets/token }, ca: ~/ca.pem }');
    await using folder = await temporaryFolder('config');
    const path = join(folder.path, 'holdfast.yaml');
    await writeFile(path, text);
    const config = await loadConfig({ path, env: { HOME: '/home/someone' } });
    const { connection, store } = snapshotOf(config, 'metrics');
    expect(connection['token']).toEqual({ file: join(folder.path, 'secrets/token') });
    expect(connection['ca']).toBe('/home/someone/ca.pem');
    expect(store).toMatchObject({ path: join(folder.path, 'backups') });
  });

  it('warns of a store in the bucket that the database writes to', async () => {
    const config = (store: string, storage: string) =>
      load(
        `stores:\n  a: { type: s3, prefix: kept, ${store} }\ntargets:\n  articles:\n    product: weaviate\n    store: a\n    connection:\n      url: http://127.0.0.1:1\n      storage: { type: s3, prefix: weaviate, ${storage} }`,
      );
    const { warnings } = await config('bucket: x', 'bucket: x');
    expect(warnings).toMatchObject([
      { code: 'COPY_BESIDE_SOURCE', subject: 'targets.articles.store' },
    ]);
    expect(warnings[0]?.message).toMatch(/^targets\.articles: its store "a" is in the bucket x, /);
    const elsewhere = 'bucket: x, endpoint: "https://s3.example.com"';
    expect((await config('bucket: x', 'bucket: y')).warnings).toEqual([]);
    expect((await config(elsewhere, 'bucket: x')).warnings).toEqual([]);
    const regional = 'bucket: x, endpoint: "https://s3.eu-central-1.amazonaws.com"';
    expect((await config('bucket: x', regional)).warnings).toMatchObject([
      { code: 'COPY_BESIDE_SOURCE' },
    ]);
  });

  it('warns of what this version does not act on yet, with its line', async () => {
    const config = await load(
      withTarget(
        [
          '    copies: [main]',
          '    retention: { keepDaily: 7 }',
          '    verify: { schedule: "0 5 * * 0" }',
          '    drill: { into: scratch }',
        ].join('\n'),
      ),
    );
    expect(config.warnings.map(({ code, subject }) => `${code} ${subject}`)).toEqual(
      ['copies', 'retention', 'drill', 'verify'].map(
        (key) => `CONFIG_NOT_ACTED_ON targets.metrics.${key}`,
      ),
    );
    expect(config.warnings[0]?.message).toBe(
      'holdfast.yaml:8: targets.metrics.copies: this version of Holdfast does nothing with it.',
    );
  });

  it('tells an unknown target with the nearest and all that there are', async () => {
    const config = await load(withTarget());
    expect(() => snapshotOf(config, 'metrisc')).toThrow(
      expect.objectContaining({
        code: 'TARGET_UNKNOWN',
        message: expect.stringMatching(
          /^There is no target "metrisc" in .*holdfast\.yaml, which has metrics\. Did you mean "metrics"\?$/,
        ),
      }) as Error,
    );
    // Not a property of every object either.
    expect(() => snapshotOf(config, 'constructor')).toThrow(/no target "constructor"/);
  });

  it('may merge YAML anchors, and its errors still name the line', async () => {
    const text = [
      'stores: { main: { type: directory, path: ./b } }',
      'targets:',
      '  one: &one',
      '    product: influxdb-v2',
      '    connection: { url: http://a, token: { env: T } }',
      '    store: main',
      '  two:',
      '    <<: *one',
      '    limits: { concurrency: 2 }',
    ].join('\n');
    const config = await load(text);
    expect(snapshotOf(config, 'two')).toMatchObject({
      product: 'influxdb-v2',
      limits: { concurrency: 2 },
    });
    await expect(load(text.replace('concurrency: 2', 'concurrency: 0'))).rejects.toThrow(
      /holdfast\.yaml:9: targets\.two\.limits\.concurrency/,
    );
  });
});

describe('the place of the configuration', () => {
  it('is the path given, else HOLDFAST_CONFIG, else the folder of the user', async () => {
    await using folder = await temporaryFolder('config');
    const write = async (name: string, store: string) => {
      const path = join(folder.path, name);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, `stores: { ${store}: { type: directory, path: ./b } }\ntargets: {}`);
      return path;
    };
    const given = await write('given.yaml', 'given');
    const named = await write('named.yaml', 'named');
    await write('.config/holdfast/holdfast.yaml', 'usual');
    const names = async (path: string | undefined, env: NodeJS.ProcessEnv) => [
      ...(await loadConfig({ path, env })).stores.keys(),
    ];
    const HOME = folder.path;
    expect(await names(given, { HOLDFAST_CONFIG: named, HOME })).toEqual(['given']);
    expect(await names(undefined, { HOLDFAST_CONFIG: named, HOME })).toEqual(['named']);
    expect(await names(undefined, { HOME })).toEqual(['usual']);
    await expect(names(undefined, { HOME: '/nowhere' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('/nowhere/.config/holdfast/holdfast.yaml') as string,
    });
    await expect(names('/nowhere/x.yaml', {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('the examples of single products', () => {
  it('are valid', async () => {
    const folder = new URL('../../docs/examples/', import.meta.url).pathname;
    for (const name of await readdir(folder)) {
      const { targets, warnings } = await loadConfig({ path: join(folder, name) });
      expect(targets.size, name).toBeGreaterThan(0);
      expect(warnings, name).toEqual([]);
    }
  });
});
