import { describe, expect, test } from 'vitest';
import type { DelegatedSession } from '../../activities/products/delegated.ts';
import { influxdb3Enterprise } from '../../activities/products/influxdb-3-enterprise/index.ts';
import { startBalancer } from '../simulators/influxdb-3-enterprise/index.ts';
import type { Call } from '../simulators/influxdb-3-enterprise/exchange.ts';
import type { Role } from '../simulators/influxdb-3-enterprise/profiles.ts';
import { freePort } from '../support/free-port.ts';
import { failureOf, mayPass } from './delegated-stage.ts';
import { enterpriseStage, type EnterpriseStage } from './influxdb-3-enterprise-stage.ts';

const nodes = (...roles: Role[]) => ({ nodes: roles.map((role) => ({ role })) });
const asked = (stage: EnterpriseStage, method: string, path: string) =>
  stage.world.simulator.nodes.map(
    ({ requests }) =>
      requests.filter((one) => one.method === method && one.path.startsWith(path)).length,
  );

describe('of several nodes', () => {
  test.each(['prose', 'openapi'] as const)(
    'the one that compacts is found, whatever the others answer (%s)',
    async (absence) => {
      const switches = { absence };
      await using stage = await enterpriseStage({
        ...nodes('query', 'ingest', 'compact'),
        switches,
      });
      const { version } = await stage.session.preflight('backup');
      expect(version).toBe('3.11.2');
      const { backup, inventory } = await stage.take();
      expect(inventory.detail).toMatchObject({ census: 'taken', databases: 2, tables: 4 });
      const { proven } = await stage.restore(await stage.plan(backup, {}), backup);
      expect(proven.totals).toMatchObject({ artifacts: 4, identical: 4 });
      expect(asked(stage, 'POST', '/api/v3/enterprise/')).toEqual([0, 0, 2]);
    },
  );

  test('one that does not answer is passed over', async () => {
    await using stage = await enterpriseStage(nodes('compact', 'query'));
    const silent = `http://127.0.0.1:${await freePort()}`;
    const all = [silent, ...stage.world.simulator.nodes.map(({ url }) => url)];
    const session = stage.fresh({ nodes: all });
    await session.preflight('backup');
    await session.backup.start('b', new Date());
    expect((await stage.follow('b')).state).toBe('succeeded');
    await stage.world.simulator.nodes[0]!.restart();
    expect((await session.backup.poll('b')).state).toBe('succeeded');
  });

  test('none that takes backups is a mistake of the configuration, after a while', async () => {
    await using stage = await enterpriseStage(nodes('query', 'ingest', 'compact'));
    const [query, ingest, compact] = stage.world.simulator.nodes.map(({ url }) => url);
    const failure = await failureOf(stage.fresh({ nodes: [query, ingest] }).preflight('backup'));
    expect(failure.code).toBe('WRONG_SERVER');
    expect(failure.message).toContain(`${query} says HTTP 503`);
    expect(failure.message).toContain(`${ingest} says HTTP 404, "not found"`);
    expect(failure.hint).toContain('compacts');
    // While one does not answer, it may be that one.
    const half = [query, `http://127.0.0.1:${await freePort()}`];
    const passing = await failureOf(stage.fresh({ nodes: half }).preflight('backup'));
    expect(passing.code).toBe('TARGET_UNREACHABLE');
    // A node that starts is waited for.
    stage.world.simulator.switches.unavailable = { at: ['listBackups'], times: 3 };
    await stage.fresh({ nodes: [compact] }, 60_000).preflight('backup');
  });

  test('an engine that is gone in mid-job passes, whatever it says', async () => {
    await using stage = await enterpriseStage(nodes('compact'));
    await stage.begin('b');
    stage.world.simulator.switches.unavailable = { at: ['getBackup'] };
    const failure = await failureOf(stage.session.backup.poll('b'));
    expect([failure.code, mayPass(failure)]).toEqual(['TARGET_BUSY', true]);
    stage.world.simulator.calm();
    expect((await stage.follow('b')).state).toBe('succeeded');
  });

  test('an old version and an old engine are told apart', async () => {
    await using old = await enterpriseStage({ version: '3.9.2' });
    const failure = await failureOf(old.fresh().preflight('backup'));
    expect(failure.code).toBe('VERSION_UNSUPPORTED');
    expect(failure.message).toContain('3.9.2');
    await using parquet = await enterpriseStage({ nodes: [{ engine: 'parquet' }] });
    expect((await failureOf(parquet.fresh().preflight('backup'))).code).toBe('WRONG_SERVER');
  });
});

describe('in a half-done upgrade', () => {
  const planned = async (stage: EnterpriseStage, through: Record<string, unknown> = {}) => {
    const { backup } = await stage.take();
    const session = stage.fresh(through);
    const asking = { backup, restore: { target: 'suite' }, destination: 'suite', run: 'r' };
    const { summary } = await session.restore.plan(asking);
    const { version } = await stage.fresh(through).preflight('restore');
    return { version, destructive: summary.destructive, warnings: summary.warnings };
  };

  test.each([
    ['3.10.0', '3.11.2', true],
    ['3.11.2', '3.10.0', false],
  ] as const)(
    'a querier of %s and a compactor of %s restore as the latter does',
    async (querier, version, destructive) => {
      const pair = [{ role: 'query', version: querier } as const, { role: 'compact' } as const];
      await using stage = await enterpriseStage({ version, nodes: pair });
      expect(await planned(stage)).toMatchObject({ version, destructive });
    },
  );

  test.each(['3.10.0', '3.11.2'])(
    'a balancer before both hides which one restores: everything may be replaced (%s)',
    async (querier) => {
      const version = querier === '3.10.0' ? '3.11.2' : '3.10.0';
      const pair = [{ role: 'query', version: querier } as const, { role: 'compact' } as const];
      await using stage = await enterpriseStage({ version, nodes: pair });
      const urls = stage.world.simulator.nodes.map(({ url }) => url);
      await using balancer = await startBalancer(urls);
      const { destructive, warnings } = await planned(stage, {
        nodes: undefined,
        url: balancer.url,
      });
      expect(destructive).toBe(true);
      expect(warnings[0]).toMatchObject({
        code: 'RESTORE_ROLLS_BACK',
        message: expect.stringMatching(/3\.11\.2 or 3\.10\.0 .* better end the upgrade first/),
      });
    },
  );
});

describe('behind a load balancer', () => {
  test('that takes turns between all roles everything works', async () => {
    await using stage = await enterpriseStage(nodes('query', 'compact', 'ingest'));
    const urls = stage.world.simulator.nodes.map(({ url }) => url);
    await using balancer = await startBalancer(urls);
    const through = { nodes: undefined, url: balancer.url };
    for (const purpose of ['backup', 'restore'] as const) {
      await stage.fresh(through, 20_000).preflight(purpose);
    }
    const session = stage.fresh(through, 20_000);
    const observed = await session.backup.observe();
    await session.backup.start('b', new Date());
    await expect.poll(async () => (await session.backup.poll('b')).state).toBe('succeeded');
    const inventory = await session.backup.inventory('b', observed);
    expect(inventory.detail).toMatchObject({ census: 'taken' });
    await session.backup.remove('b');
    expect(await stage.world.backups()).toEqual([]);
  });

  test('that leads to another cluster in mid-session nothing goes on', async () => {
    await using stage = await enterpriseStage();
    await using other = await enterpriseStage({ clusterId: 'cluster02' });
    await using balancer = await startBalancer([stage.world.url]);
    const through = { nodes: undefined, url: balancer.url };
    const session = stage.fresh(through);
    const observed = await session.backup.observe();
    await session.backup.start('b', new Date());
    balancer.upstreams = [other.world.url];
    for (const [token, rights] of stage.world.simulator.cluster.tokens) {
      other.world.simulator.cluster.tokens.set(token, rights);
    }
    const failure = await failureOf(session.backup.poll('b'));
    expect(failure.code).toBe('WRONG_SERVER');
    expect(failure.message).toContain(other.world.simulator.cluster.uuid);
    // A later session knows it from the configuration, or from what was observed.
    const { uuid } = stage.world.simulator.cluster;
    const pinned = stage.fresh({ ...through, clusterUuid: uuid });
    expect((await failureOf(pinned.preflight('backup'))).code).toBe('WRONG_SERVER');
    const later = stage.fresh(through).backup.inventory('b', observed);
    expect((await failureOf(later)).code).toBe('WRONG_SERVER');
  });

  test.each([
    ['poll', ({ backup }) => backup.poll('b')],
    ['isOurs', ({ backup }) => backup.isOurs('b', new Date())],
    ['cancel', ({ backup }) => backup.cancel('b')],
    ['mayRemove', ({ backup }) => backup.mayRemove?.('b')],
    ['remove', ({ backup }) => backup.remove('b')],
    ['start', ({ backup }) => backup.start('c', new Date())],
  ] as [string, (session: DelegatedSession) => Promise<unknown>][])(
    'that leads to another cluster from the beginning on, its answer to %s is not believed',
    async (_, call) => {
      await using stage = await enterpriseStage();
      await using other = await enterpriseStage({ clusterId: 'cluster02' });
      const [one, two] = [stage.world.simulator, other.world.simulator];
      for (const [token, rights] of one.cluster.tokens) two.cluster.tokens.set(token, rights);
      const { observed } = await stage.take('b');
      const before = [await stage.objects(''), await stage.world.backups()];
      const identity = influxdb3Enterprise.identity?.(observed) ?? '';
      expect(identity).toBe(one.cluster.uuid);
      const elsewhere = { ...stage.world.connection(), nodes: [other.world.url] };
      const failure = await failureOf(call(stage.connect({ connection: elsewhere, identity })));
      expect(failure.code).toBe('WRONG_SERVER');
      expect(failure.message).toContain(two.cluster.uuid);
      expect([await stage.objects(''), await stage.world.backups()]).toEqual(before);
      expect(await other.world.backups()).toEqual([]);
      // A person may say that it has taken the place of the other for good.
      const clusterUuid = two.cluster.uuid;
      await call(stage.connect({ connection: { ...elsewhere, clusterUuid }, identity }));
    },
  );

  test('an answer without identity is taken as it is', async () => {
    await using stage = await enterpriseStage({ switches: { noClusterUuid: true } });
    expect((await stage.fresh().preflight('backup')).identity).toBe('');
    await stage.take();
  });
});

describe('an answer', () => {
  const backupCalls: Call[] = ['startBackup', 'getBackup', 'listBackups'];
  test.each(backupCalls)('without a body is no failure of %s for good', async (call) => {
    await using stage = await enterpriseStage();
    stage.world.simulator.switches.emptyBody = { at: [call], times: 1 };
    stage.world.simulator.switches.noContentType = true;
    const since = new Date();
    for (const _ of ['once', 'again']) {
      const lost = await stage.session.backup.start('b', since).catch((error: unknown) => error);
      if (lost !== undefined) expect(mayPass(lost)).toBe(true);
    }
    await stage.session.backup.start('b', since);
    expect((await stage.follow('b')).state).toBe('succeeded');
    expect(await stage.world.backups()).toEqual(['b']);
  });

  test('401 or 403 without a body is understood all the same', async () => {
    await using stage = await enterpriseStage({ switches: { emptyRefusal: true } });
    const strange = stage.connect({ connection: stage.world.strangeConnection() });
    expect((await failureOf(strange.preflight('backup'))).code).toBe('AUTH_REJECTED');
    const weak = stage.connect({ connection: await stage.world.weakConnection() });
    expect((await failureOf(weak.preflight('backup'))).code).toBe('PERMISSION_MISSING');
  });

  test.each([
    ['internalError', 'TARGET_ERROR'],
    ['tooManyRequests', 'TARGET_BUSY'],
    ['connectionLost', 'TARGET_UNREACHABLE'],
  ] as const)('%s passes', async (fault, code) => {
    await using stage = await enterpriseStage();
    stage.world.simulator.switches[fault] = { at: ['listBackups'] };
    const failure = await failureOf(stage.fresh().preflight('backup'));
    expect([failure.code, mayPass(failure)]).toEqual([code, true]);
  });
});

test('a storage that is not the cluster’s is doubted before a backup, and fails it', async () => {
  await using stage = await enterpriseStage();
  await stage.take();
  expect((await stage.fresh().preflight('backup')).warnings).toEqual([]);
  const other = stage.fresh({ clusterId: 'other' });
  const { warnings } = await other.preflight('backup');
  expect(warnings).toMatchObject([
    { code: 'STORAGE_DOUBTFUL', message: expect.stringContaining('clusterId') },
  ]);
  const [name = ''] = await stage.world.backups();
  const failure = await failureOf(other.backup.inventory(name, await other.backup.observe()));
  expect(failure.code).toBe('BACKUP_INCOMPLETE');
  expect(failure.message).toContain('`connection.storage` is not its object store');
});

test('a backup that was put back and taken away again stands in the way of no other', async () => {
  await using stage = await enterpriseStage({ switches: { putBack: 'after restart' } });
  const { simulator } = stage.world;
  const { storage, backups } = simulator.cluster;
  const { backup } = await stage.take();
  const { name } = backup;
  const folder = simulator.cluster.prefix(name);
  const record = backups.get(name);
  const objects = await storage.list(folder);
  backups.delete(name);
  await simulator.restartCompactor();
  expect([...backups]).toMatchObject([[name, { putBack: true, files: record?.files }]]);
  await storage.remove(objects.map(({ key }) => key));
  const { warnings } = await stage.fresh().preflight('backup');
  expect(warnings).toMatchObject([
    { code: 'STORAGE_DOUBTFUL', message: expect.stringContaining(name) },
  ]);
  await stage.take();
  expect((await stage.fresh().preflight('backup')).warnings).toEqual([]);
});
