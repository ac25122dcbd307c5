import { describe, expect, test } from 'vitest';
import { callerOf } from './calls.ts';
import { startBalancer, startEnterpriseSimulator } from './index.ts';
import type { SimulatorOptions } from './simulator.ts';
import type { Switches } from './switches.ts';

const LINES = Array.from({ length: 1200 }, (_, i) => `cpu,host=h${i % 7} v=${i} ${1_000_000 + i}`);

async function started(options: SimulatorOptions = {}) {
  const simulator = await startEnterpriseSimulator(options);
  simulator.cluster.write('telemetry', LINES);
  return { simulator, ...callerOf(simulator), [Symbol.asyncDispose]: () => simulator.stop() };
}

async function completed(ask: () => Promise<{ json(): Record<string, unknown> }>) {
  await expect.poll(async () => (await ask()).json().status).toBe('completed');
  return (await ask()).json();
}

async function takeBackup({ startBackup, getBackup }: ReturnType<typeof callerOf>, name = 'b') {
  expect((await startBackup({ type: 'full', name })).status).toBe(202);
  return completed(() => getBackup(name));
}

const rows = async (server: { query: ReturnType<typeof callerOf>['query'] }) =>
  server.query('telemetry', 'SELECT count(*) AS n, min(time) AS a, max(time) AS z FROM "cpu"');

describe('a simulated cluster', () => {
  test('takes a backup whose objects are as many and as long as it says', async () => {
    await using server = await started();
    const first = await server.startBackup({ type: 'full', name: 'a b/c' });
    expect(first.json()).toEqual({ backup_name: 'a b/c', status: 'in_progress' });
    expect((await server.getBackup('a b/c')).json()).not.toHaveProperty('completed_at');
    const record = await completed(() => server.getBackup('a b/c'));
    const { storage, cluster } = server.simulator;
    expect(storage.type).toBe('directory');
    const objects = await cluster.storage.list('cluster01/backups/a b/c/');
    expect(record).toMatchObject({
      name: 'a b/c',
      type: 'full',
      total_files: objects.length,
      total_size_bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
    });
    expect(record.completed_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect((await server.listBackups()).json()).toEqual({ backups: [record] });
  });

  test('goes back to a backup in place, and knows the restore afterwards', async () => {
    await using server = await started({ switches: { restoreMs: 3_000 } });
    await takeBackup(server);
    const before = await rows(server);
    expect(before).toMatchObject([{ n: 1200, a: '1970-01-01T00:00:00.001' }]);
    await server.write('telemetry', ['cpu v=1 99', 'other v=1 5']);
    await server.write('later', ['x v=1 5']);
    const { restore_id: id } = (await server.startRestore('b')).json();
    expect((await server.startRestore('b')).status).toBe(409);
    expect((await server.write('telemetry', ['cpu v=1 7'])).status).toBe(503);
    expect((await server.getRestore(String(id))).json().completed_at).toBeNull();
    const [listed] = (await server.listRestores()).json().restores as object[];
    expect(listed).not.toHaveProperty('completed_at');
    await completed(() => server.getRestore(String(id)));
    expect(await rows(server)).toEqual(before);
    const tables = 'SELECT database_name, table_name FROM system.tables ORDER BY table_name';
    expect(await server.query('_internal', tables)).toEqual([
      { database_name: 'telemetry', table_name: 'cpu' },
    ]);
  });

  test('adds to what is there on 3.10, and shows it after a restart', async () => {
    await using server = await started({ version: '3.10.0' });
    await takeBackup(server);
    server.simulator.cluster.dropDatabase('telemetry');
    await server.write('later', ['x v=1 5']);
    const { restore_id: id } = (await server.startRestore('b')).json();
    await completed(() => server.getRestore(String(id)));
    expect(await rows(server)).toMatchObject({ error: 'database not found: telemetry' });
    await server.simulator.restartAll();
    expect(await rows(server)).toMatchObject([{ n: 1200 }]);
    const names = 'SELECT database_name FROM system.databases';
    expect(await server.query('_internal', names)).toHaveLength(2);
  });

  test('leaves out what is not persisted, and forgets no row deletes', async () => {
    await using server = await started();
    await server.write('telemetry', ['cpu v=1 5'], '&no_sync=true');
    expect(await rows(server)).toMatchObject([{ n: 1201 }]);
    await takeBackup(server);
    server.simulator.cluster.deleteRows('telemetry', 'cpu', 1_000_000n, 1_000_099n);
    expect(await rows(server)).toMatchObject([{ n: 1101 }]);
    const { restore_id: id } = (await server.startRestore('b')).json();
    await completed(() => server.getRestore(String(id)));
    expect(await rows(server)).toMatchObject([{ n: 1100 }]);
  });
});

describe('the nine calls', () => {
  test('refuse what the specification says they refuse', async () => {
    await using server = await started({ switches: { backupMs: 3_000 } });
    const { startBackup, cancelBackup, deleteBackup, simulator } = server;
    for (const body of ['{bad', {}, { type: 'incremental' }]) {
      expect((await startBackup(body)).status).toBe(400);
    }
    expect((await startBackup({ type: 'full', name: 'b' })).status).toBe(202);
    expect((await startBackup({ type: 'full', name: 'b' })).status).toBe(409);
    expect((await startBackup({ type: 'full', name: 'b', force: true })).status).toBe(409);
    expect((await startBackup({ type: 'full', name: 'c' })).status).toBe(409);
    expect((await deleteBackup('b')).status).toBe(409);
    expect((await cancelBackup()).status).toBe(400);
    expect((await cancelBackup({ name: 'c' })).status).toBe(404);
    await completed(() => server.getBackup('b'));
    expect((await cancelBackup({ name: 'b' })).status).toBe(404);
    expect((await startBackup({ type: 'full', name: 'b' })).status).toBe(409);
    expect((await startBackup({ type: 'full', name: 'b', force: true })).status).toBe(202);
    await completed(() => server.getBackup('b'));
    expect((await deleteBackup('b')).json()).toEqual({ backup_name: 'b', type: 'full' });
    expect((await deleteBackup('b')).json()).toEqual({ error: 'no backup exists with that name' });
    expect(await simulator.cluster.storage.list('cluster01/backups/')).toEqual([]);
    expect((await server.startRestore('')).status).toBe(400);
    expect((await server.getRestore('x')).status).toBe(404);
    expect((await server.cancelRestore('x')).status).toBe(404);
  });

  test.each(['failed', 'vanishes', 'completed'] as const)(
    'a cancelled backup: %s',
    async (cancelledBackup) => {
      // Long enough for a slow machine to ask for the cancel in time.
      const backupMs = cancelledBackup === 'completed' ? 3_000 : 60_000;
      await using server = await started({ switches: { cancelledBackup, backupMs } });
      await server.startBackup({ type: 'full', name: 'b' });
      expect((await server.cancelBackup({ name: 'b' })).json()).toEqual({ backup_name: 'b' });
      const end = async () => {
        const answer = await server.getBackup('b');
        return answer.status === 404 ? 'vanishes' : answer.json().status;
      };
      await expect.poll(end).toBe(cancelledBackup);
    },
  );

  test('want an operator, and tell a stranger from somebody with fewer rights', async () => {
    await using server = await started();
    const { simulator } = server;
    const as = (token: string) => callerOf({ url: simulator.url, token });
    const lesser = await as(simulator.lesserToken).listBackups();
    expect([lesser.status, lesser.headers.get('content-type')]).toEqual([403, null]);
    const person = as(simulator.adminUserToken);
    expect((await person.listBackups()).status).toBe(403);
    expect((await person.listRestores()).status).toBe(200);
    simulator.switches.adminUsers = 'prose';
    expect((await person.listBackups()).status).toBe(200);
    const stranger = await as('nobody').listBackups();
    expect(stranger.json()).toEqual({ error: 'the request was not authenticated' });
    simulator.switches.emptyRefusal = true;
    expect(await as('nobody').listBackups()).toMatchObject({ status: 401, text: '' });
    const malformed = await fetch(`${simulator.url}/ping`, { headers: { authorization: 'x' } });
    expect(malformed.status).toBe(400);
    expect((await fetch(`${simulator.url}/ready`)).status).toBe(200);
    const head = await server.call('HEAD', '/ping');
    expect(head.status).toBe(404);
    expect((await server.ping()).headers.get('x-influxdb-build')).toBe('Enterprise');
  });

  test('answer where the engine is, and elsewhere as one of the documents says', async () => {
    const nodes = [
      { role: 'compact' as const },
      { role: 'query' as const },
      { role: 'ingest' as const },
      { role: 'all' as const, engine: 'parquet' as const },
    ];
    await using server = await started({ nodes });
    const { simulator } = server;
    const asked = (call: 'listBackups' | 'cancelRestore') =>
      Promise.all(
        simulator.nodes.map(async ({ url }) => {
          const { status, text } = await callerOf({ url, token: simulator.token })[call]('x');
          return `${status} ${text === 'not found' ? 'plain' : 'json'}`;
        }),
      );
    expect(await asked('listBackups')).toEqual(['200 json', '503 json', '404 plain', '404 plain']);
    simulator.switches.absence = 'openapi';
    expect(await asked('listBackups')).toEqual(['200 json', '503 json', '503 json', '503 json']);
    expect(new Set(await asked('cancelRestore'))).toEqual(new Set(['404 json']));
    await using old = await started({ version: '3.9.2' });
    expect(await old.listBackups()).toMatchObject({ status: 404, text: 'not found' });
  });
});

describe('what is unknown or goes wrong', () => {
  test('the answer is lost, and the work is done all the same', async () => {
    await using server = await started({ switches: { answerLost: { at: ['startBackup'] } } });
    await expect(server.startBackup({ type: 'full', name: 'b' })).rejects.toThrow();
    await completed(() => server.getBackup('b'));
  });

  test.each(['stuck', 'failed'] as const)(
    'the compactor restarts in mid-job: %s',
    async (restartedJob) => {
      await using server = await started({ switches: { restartedJob, backupMs: 60_000 } });
      await server.startBackup({ type: 'full', name: 'b' });
      await server.simulator.restartCompactor();
      const status = async () => (await server.getBackup('b')).json().status;
      await expect.poll(status).toBe(restartedJob === 'stuck' ? 'in_progress' : 'failed');
      if (restartedJob === 'failed') return;
      expect((await server.cancelBackup({ name: 'b' })).status).toBe(404);
      expect((await server.deleteBackup('b')).status).toBe(409);
    },
  );

  test('bodies, types and identities are missing, and status words are new', async () => {
    await using server = await started({
      switches: {
        emptyBody: { at: ['startBackup'] },
        noContentType: { at: ['getBackup'] },
        unknownStatus: true,
        noClusterUuid: { at: ['ping'] },
        completedAt: 'null',
        backupMs: 60_000,
      },
    });
    expect(await server.startBackup({ type: 'full', name: 'b' })).toMatchObject({
      status: 202,
      text: '',
    });
    const shown = await server.getBackup('b');
    expect(shown.headers.get('content-type')).toBeNull();
    expect(shown.json()).toMatchObject({ status: 'draining', completed_at: null });
    expect(shown.headers.get('cluster-uuid')).toBe(server.simulator.cluster.uuid);
    expect((await server.ping()).headers.get('cluster-uuid')).toBeNull();
  });

  test.each([
    ['objectMissing', -1, 0],
    ['objectCut', 0, -1],
    ['objectEmpty', 0, -Infinity],
  ] as const)('%s: fewer objects or bytes than it says', async (name, objects, bytes) => {
    await using server = await started({ switches: { [name]: true } });
    const record = await takeBackup(server);
    const found = await server.simulator.cluster.storage.list('cluster01/backups/b/');
    const sum = found.reduce((all, one) => all + one.bytes, 0);
    expect(found.length - Number(record.total_files)).toBe(objects);
    expect(sum).toBeLessThan(Number(record.total_size_bytes) + (bytes === 0 ? 1 : 0));
  });

  test.each(['404', '400', 'fails later'] as const)(
    'a restore of an unknown backup: %s',
    async (unknownBackup) => {
      await using server = await started({ switches: { unknownBackup } });
      const answer = await server.startRestore('nothing');
      if (unknownBackup !== 'fails later') {
        expect(String(answer.status)).toBe(unknownBackup);
        return;
      }
      const { restore_id: id } = answer.json();
      const status = async () => (await server.getRestore(String(id))).json().status;
      await expect.poll(status).toBe('failed');
    },
  );

  test.each(['half', 'untouched'] as const)(
    'a cancelled restore leaves the data %s',
    async (brokenRestore) => {
      await using server = await started({ switches: { brokenRestore, restoreMs: 60_000 } });
      await takeBackup(server);
      await server.write('telemetry', ['cpu v=1 1']);
      const { restore_id: id } = (await server.startRestore('b')).json();
      expect((await server.cancelRestore(String(id))).status).toBe(204);
      const status = async () => (await server.getRestore(String(id))).json().status;
      await expect.poll(status).toBe('failed');
      const [seen] = (await rows(server)) as unknown as { n: number }[];
      if (brokenRestore === 'half') expect(seen!.n).toBeLessThan(1200);
      else expect(seen!.n).toBe(1201);
    },
  );

  test('the lease is held, a restore does nothing, loses rows or keeps newer ones', async () => {
    await using server = await started({ switches: { leaseHeld: 1 } });
    await takeBackup(server);
    await server.write('telemetry', ['cpu v=1 1']);
    expect((await server.startRestore('b')).status).toBe(503);
    const restored = async (name: keyof Switches) => {
      server.simulator.calm();
      Object.assign(server.simulator.switches, { [name]: true });
      const { restore_id: id } = (await server.startRestore('b')).json();
      await completed(() => server.getRestore(String(id)));
      return (await rows(server)) as unknown as { n: number }[];
    };
    expect(await restored('restoreIgnored')).toMatchObject([{ n: 1201 }]);
    expect(await restored('restoreKeepsNewer')).toMatchObject([{ n: 1201 }]);
    expect(await restored('restoreLosesRows')).toMatchObject([{ n: 600 }]);
  });

  test('objects that were put back are a backup again, at once or after a restart', async () => {
    await using server = await started({ switches: { putBack: 'after restart' } });
    await takeBackup(server);
    const { storage, backups } = server.simulator.cluster;
    const kept = await Promise.all(
      (await storage.list('cluster01/backups/b/')).map(async ({ key }) => ({
        key,
        bytes: (await storage.get(key)) ?? Buffer.alloc(0),
      })),
    );
    await server.deleteBackup('b');
    for (const { key, bytes } of kept) await storage.put(key, bytes);
    expect(backups.size).toBe(0);
    expect((await server.getBackup('b')).status).toBe(404);
    await server.simulator.restartCompactor();
    expect((await server.getBackup('b')).json()).toMatchObject({ total_files: kept.length });
  });

  test('a table may have a retention of its own, and the table of tables tells it or not', async () => {
    await using server = await started();
    const { cluster, switches } = server.simulator;
    const hour = 3_600_000_000_000n;
    const old = BigInt(Date.now()) * 1_000_000n - 2n * hour;
    cluster.write('periods', [`short v=1 ${old}`, `long v=1 ${old}`]);
    cluster.setRetention('periods', hour);
    cluster.setTableRetention('periods', 'long', 3n * hour);
    const count = (table: string) =>
      server.query('periods', `SELECT count(*) AS n FROM "${table}"`);
    expect([await count('short'), await count('long')]).toMatchObject([[{ n: 0 }], [{ n: 1 }]]);
    const columns =
      "SELECT column_name FROM information_schema.columns WHERE table_schema = 'system' AND table_name = 'tables'";
    const periods =
      "SELECT table_name, retention_period_ns FROM system.tables WHERE database_name = 'periods'";
    expect(await server.query('_internal', columns)).toHaveLength(4);
    expect(await server.query('_internal', periods)).toEqual([
      { table_name: 'short', retention_period_ns: null },
      { table_name: 'long', retention_period_ns: Number(3n * hour) },
    ]);
    switches.tableRetention = 'hidden';
    expect(await server.query('_internal', columns)).toHaveLength(3);
  });

  test('incremental backups form chains, which lists do not show', async () => {
    await using server = await started({ switches: { incrementals: true } });
    await takeBackup(server);
    const start = (name: string, parent: string) =>
      server.startBackup({ type: 'incremental', name, parent });
    expect((await start('i', 'nothing')).status).toBe(400);
    expect((await start('i', 'b')).status).toBe(202);
    const { backups } = server.simulator.cluster;
    await expect.poll(() => backups.get('i')?.status).toBe('completed');
    expect((await server.listBackups()).json().backups).toHaveLength(1);
    expect((await server.getBackup('i')).status).toBe(404);
    expect((await server.deleteBackup('b')).status).toBe(409);
    expect((await server.deleteBackup('i')).json()).toEqual({
      backup_name: 'i',
      type: 'incremental',
    });
    expect((await server.deleteBackup('b')).status).toBe(200);
  });
});

test('a balancer leads elsewhere, and takes the body off a DELETE', async () => {
  await using one = await started();
  await using other = await started({ clusterId: 'cluster02' });
  await using balancer = await startBalancer([one.simulator.url, other.simulator.url]);
  const { ping, cancelBackup } = callerOf({ url: balancer.url, token: one.simulator.token });
  const uuids = [await ping(), await ping()].map(({ headers }) => headers.get('cluster-uuid'));
  expect(uuids).toEqual([one.simulator.cluster.uuid, other.simulator.cluster.uuid]);
  expect((await cancelBackup({ name: 'b' })).status).toBe(404);
  balancer.stripsDeleteBody = true;
  expect((await cancelBackup({ name: 'b' })).status).toBe(400);
});
