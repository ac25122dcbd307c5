import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anotherServer } from '../../activities/catalog/another-server.ts';
import { toJson } from '../../activities/catalog/json.ts';
import { writeObjects } from '../../activities/catalog/objects.ts';
import { openStore } from '../../activities/stores/open-store.ts';
import { createStoreResources } from '../../activities/stores/resources.ts';
import { timeName } from '../../workflows/contract/names.ts';
import { manifestOf, TARGET } from '../products/backup-run.ts';
import { startInfluxSimulator, type InfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWorld, type World } from './world.ts';

describe('two servers under the name of one target', () => {
  let world: World;
  let other: InfluxSimulator;
  beforeAll(async () => {
    world = await startWorld({ shards: 3 });
    const generate = [{ bucket: 'telemetry', shards: 3, shardBytes: 4096 }];
    other = await startInfluxSimulator({ setup: { token: 'token-of-another' }, generate });
    process.env['TEST_OTHER_TOKEN'] = other.token;
  });
  afterAll(async () => {
    await world?.stop();
    await other?.stop();
  });

  /** Names are of one second. */
  let last = '';
  const told = ({ warnings }: { warnings: { code: string; message: string }[] }) =>
    warnings.filter(({ code }) => code === 'ANOTHER_SERVER').map(({ message }) => message);

  async function backUp(server: 'own' | 'other') {
    const metrics = world.config.targets['metrics']!;
    const connection = { url: other.url, token: { env: 'TEST_OTHER_TOKEN' } };
    const target = server === 'own' ? metrics : { ...metrics, connection };
    const targets = { ...world.config.targets, metrics: target };
    await world.holdfast.configure({ ...world.config, targets });
    await expect.poll(() => timeName(new Date()), { timeout: 5_000 }).not.toBe(last.slice(0, 20));
    const report = await world.holdfast.run('backup', { target: 'metrics' });
    last = report.backup;
    return report;
  }

  const part = { into: 'spare', select: { buckets: ['telemetry'] }, dryRun: true };
  const plan = async (backup: string) =>
    (await world.holdfast.run('restore', { target: 'metrics', backup, ...part })).plan;

  test('are told once where the second takes the place of the first, and each time where they take turns', async () => {
    const first = await backUp('own');
    expect(told(first)).toEqual([]);
    expect(told(await plan('latest'))).toEqual([]);

    const second = await backUp('other');
    expect(second.state).toBe('ok');
    expect(told(second)).toEqual([
      expect.stringContaining(
        `${second.backup} of metrics is of another server than ${first.backup}`,
      ),
    ]);
    expect((await plan('latest')).backup).toBe(second.backup);
    expect(told(await plan('latest'))).toEqual(told(second));
    expect(told(await plan(first.backup))).toEqual([]);

    const third = await backUp('other');
    expect(told(third)).toEqual([]);
    expect(told(await plan('latest'))).toEqual([]);

    expect(told(await backUp('own'))).toEqual([expect.stringContaining(third.backup)]);
  });
});

describe('a backup is held against the one before it', () => {
  const id = (n: number) => `2026-11-2${n}t02-00-00z-00000${n}`;

  /** Of identities, the oldest first; what the last one is told. */
  async function told(
    ...identities: (string | { identity: string; product?: string; tags?: object })[]
  ) {
    await using folder = await temporaryFolder('servers');
    const settings = { name: 'disk', type: 'directory', path: folder.path } as const;
    const store = openStore(settings, createStoreResources());
    const manifests = await Promise.all(
      identities.map(async (one, n) => {
        const {
          identity,
          product = 'weaviate',
          tags = {},
        } = typeof one === 'string' ? { identity: one } : one;
        const objects = await writeObjects(store, `${TARGET}/${id(n)}/`, []);
        const manifest = manifestOf(product, id(n), [], objects, {}, []);
        return { ...manifest, target: TARGET, tags, product: { ...manifest.product, identity } };
      }),
    );
    for (const one of manifests) await store.put(`${TARGET}/${one.id}/backup.json`, toJson(one));
    const warnings = await anotherServer(store, manifests.at(-1) as never);
    await store.close();
    return warnings.map(({ message }) => / than (\S+),/.exec(message)?.[1]);
  }

  const safety = (identity: string) => ({ identity, tags: { 'before-restore-of': id(0) } });

  test.each([
    ['a cluster that grew', ['n1,n2,n3', 'n1,n2,n3,n4'], undefined],
    ['a cluster of other nodes', ['n1,n2', 'm1,m2'], 0],
    ['one that does not tell', ['n1', ''], undefined],
    ['one after one that does not tell', ['n1', '', 'm1'], undefined],
    ['one of another product', ['n1', { identity: 'u1', product: 'influxdb-v2' }], undefined],
    ['what a restore took of a new server', ['n1', safety('m1')], undefined],
    ['one after a restore to a new server', ['n1', safety('m1'), 'n1'], undefined],
  ])('%s', async (_, identities, named) => {
    expect(await told(...identities)).toEqual(named === undefined ? [] : [id(named)]);
  });
});
