import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RestoreRequest } from '../../workflows/contract/operations.ts';
import { quoted } from '../../activities/products/influxdb-v1/client.ts';
import { influxdbV1 } from '../../activities/products/influxdb-v1/index.ts';
import type {
  BackupReader,
  PlannedRestore,
  ProductSession,
  Proof,
} from '../../activities/products/product.ts';
import { checkTargets } from '../../client/doctor/check-targets.ts';
import { load, withTarget } from '../config/load.ts';
import { backupInMemory } from '../influxdb-v1/backup-in-memory.ts';
import { expected } from '../influxdb-v1/portable-backup.ts';
import { freePort } from '../support/free-port.ts';
import { startInfluxdV1, type InfluxdV1 } from '../support/influxd-v1.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

type Request = Omit<RestoreRequest, 'target'>;

const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const user = { username: 'admin', password: 'a: "secret" + more' };

let folder: TemporaryFolder;
let server: InfluxdV1;
let session: ProductSession;
beforeAll(async () => {
  process.env['HOLDFAST_TEST_V1_PASSWORD'] = user.password;
  folder = await temporaryFolder('restore-v1');
  await mkdir(join(folder.path, 'spool'));
  server = await startInfluxdV1({ user });
  session = connect();
});
afterAll(async () => {
  await session.close();
  await server.stop();
  await folder.remove();
});
beforeEach(async () => {
  for (const name of await databases()) await server.query(`DROP DATABASE ${quoted(name)}`);
});

function connect(connection: object = {}): ProductSession {
  return influxdbV1.connect({
    target: 'old-influx',
    connection: influxdbV1.connection.parse({
      url: server.url,
      snapshot: server.snapshot,
      username: user.username,
      password: { env: 'HOLDFAST_TEST_V1_PASSWORD' },
      ...connection,
    }),
    concurrency: 4,
    stallMs: 10_000,
    signal: new AbortController().signal,
  });
}

async function databases(): Promise<string[]> {
  return (await server.query('SHOW DATABASES')).map(({ name }) => name ?? '').toSorted();
}

async function policies(database: string): Promise<Record<string, unknown>> {
  const rows = await server.query(`SHOW RETENTION POLICIES ON "${database}"`);
  return Object.fromEntries(
    rows.map(({ name, duration }): [string, unknown] => [name ?? '', duration]),
  );
}

async function plan(request: Request = {}, backup = backupInMemory()): Promise<PlannedRestore> {
  return stored(
    await session.restore.plan({
      backup,
      restore: { target: 'aiven', ...request },
      destination: 'old-influx',
      run: 'run1',
    }),
  );
}

async function apply(planned: PlannedRestore, backup: BackupReader): Promise<Proof[]> {
  const state = stored(await session.restore.prepare(planned, backup));
  const proofs: Proof[] = [];
  for (const step of planned.steps) {
    const original = () => backup.open(step.lines, { decompress: true });
    await session.restore.apply(step, state, original);
    proofs.push(await session.restore.prove(step, state, original, join(folder.path, 'spool')));
  }
  return proofs;
}

async function restore(request: Request = {}, backup = backupInMemory()) {
  const planned = await plan(request, backup);
  const proofs = await apply(planned, backup);
  return { planned, proofs, ...(await session.restore.finish(planned, {})) };
}

/** What the official tool wrote. */
async function membersOf(directory: string): Promise<Map<string, Buffer>> {
  const members = new Map<string, Buffer>();
  for (const name of await readdir(directory)) {
    members.set(name, await readFile(join(directory, name)));
  }
  return members;
}

/** What the server counts, in the shape of the expected points. */
async function points(database: string, policy: string, measurement: string) {
  const [row] = await server.query(
    `SELECT count(*) FROM "${database}"."${policy}"."${measurement}"`,
  );
  return Object.fromEntries(
    Object.entries(row ?? {})
      .filter(([column]) => column.startsWith('count_'))
      .map(([column, count]) => [column.slice('count_'.length), count]),
  );
}

describe('what a terminated restore left in a real InfluxDB 1', () => {
  it('is found by its mark, and removed if it still bears it', async () => {
    const { leftovers } = session;
    expect(await leftovers?.find()).toEqual([]);
    const run = '0123abcd';
    const planned = await plan({ select: { databases: ['telemetry', 'empty'] } });
    const detail = { ...planned.detail, run };
    await session.restore.prepare({ ...planned, detail }, backupInMemory());
    await server.query('CREATE DATABASE "mi\\"ne"');
    for (const policy of ['restoring-soon', `unproven-${run}`, `restoring-${run}-2`]) {
      await server.query(
        `CREATE RETENTION POLICY "${policy}" ON "mi\\"ne" DURATION INF REPLICATION 1`,
      );
    }
    const found = (await leftovers?.find()) ?? [];
    expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: 'empty', name: `empty (marked restoring-${run})`, run },
      { id: 'telemetry', name: `telemetry (marked restoring-${run})`, run },
    ]);
    await server.query(`DROP RETENTION POLICY "restoring-${run}" ON empty`);
    for (const one of found) await leftovers?.remove(one);
    expect(await databases()).toEqual(['empty', 'mi"ne']);
  });
});

describe('restoring a portable backup into a real InfluxDB 1', () => {
  it('brings everything back as the official tool does, and proves it', async () => {
    const { proofs, restored, planned } = await restore();
    expect(proofs).toEqual(proofs.map(() => ({ result: 'identical' })));
    expect(restored).toEqual(['telemetry', 'events of plant 7', 'empty']);
    expect(await databases()).toEqual(restored.toSorted());
    for (const [database, found] of Object.entries(expected.points)) {
      for (const [policy, measurements] of Object.entries(found)) {
        for (const [measurement, fields] of Object.entries(measurements)) {
          expect(await points(database, policy, measurement)).toEqual(fields);
        }
      }
    }
    expect(await policies('telemetry')).toEqual({ raw: '0s', monthly: '87360h0m0s' });
    expect(planned.summary).toMatchObject({
      creates: ['telemetry', 'events of plant 7', 'empty'],
      destructive: false,
      artifacts: 9,
      warnings: [{ code: 'OPEN_TO_CLIENTS' }, { code: 'TOMBSTONES_PRESENT' }],
    });
    expect(planned.summary.leaves).toEqual([
      'continuous query means of telemetry (not restored; create it again)',
      'user reader with its grants (not restored)',
    ]);
  });

  it('restores one database under another name, and one retention policy under another', async () => {
    const { restored } = await restore({
      select: { databases: ['telemetry'], retentionPolicies: ['monthly'] },
      rename: { telemetry: 'größe "2"', 'telemetry/monthly': 'weekly' },
    });
    expect(restored).toEqual(['größe "2"']);
    expect(await databases()).toEqual(['größe "2"']);
    const rows = await server.query('SHOW RETENTION POLICIES ON "größe \\"2\\""');
    expect(rows).toMatchObject([{ name: 'weekly', default: true, duration: '87360h0m0s' }]);
  });

  it('refuses names that are taken before anything is sent, or takes others', async () => {
    await server.query('CREATE DATABASE empty');
    await expect(plan()).rejects.toMatchObject({
      code: 'DESTINATION_EXISTS',
      message: 'The destination already has a database empty; nothing was changed.',
    });
    await expect(plan({ onConflict: 'replace' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const { restored } = await restore({ onConflict: 'rename', select: { databases: ['empty'] } });
    expect(restored).toEqual(['empty-restored-2026-11-20t02-00-00z']);
  });

  it('leaves a database alone that somebody created after the plan', async () => {
    const planned = await plan();
    await server.query('CREATE DATABASE "events of plant 7"');
    await expect(session.restore.prepare(planned, backupInMemory())).rejects.toMatchObject({
      code: 'DESTINATION_CHANGED',
    });
    expect(await session.restore.undo(planned, false)).toEqual({
      removed: ['telemetry'],
      quarantined: [],
    });
    expect(await databases()).toEqual(['events of plant 7']);
  });

  it('may be prepared again by a later attempt, which knows what is its own', async () => {
    const planned = await plan();
    await session.restore.prepare(planned, backupInMemory());
    const proofs = await apply(planned, backupInMemory());
    expect(proofs.map(({ result }) => result)).toEqual(Array(9).fill('identical'));
    await session.restore.finish(planned, {});
    expect(await session.restore.finish(planned, {})).toMatchObject({ warnings: [] });
    expect(await session.restore.undo(planned, false)).toEqual({ removed: [], quarantined: [] });
  });

  it('is not prepared again by an attempt that was given up, once another has begun', async () => {
    const planned = await plan({ select: { databases: ['telemetry'] } });
    await apply(planned, backupInMemory());
    const late = session.restore.prepare(planned, backupInMemory(), () =>
      Promise.reject(new Error('another attempt goes on')),
    );
    await expect(late).rejects.toThrow('another attempt goes on');
    expect(Object.keys(await policies('telemetry'))).toContain('restoring-run1');
  });

  it('can be undone, or kept with a mark that says what it is', async () => {
    const planned = await plan();
    await apply(planned, backupInMemory());
    expect(await session.restore.undo(planned, true)).toMatchObject({
      removed: [],
      quarantined: [expect.stringContaining('telemetry'), expect.anything(), expect.anything()],
    });
    expect(Object.keys(await policies('telemetry'))).toEqual(['raw', 'monthly', 'unproven-run1']);
  });

  it('finds a shard that did not come back, and one that came back with other bytes', async () => {
    const planned = await plan({ select: { databases: ['telemetry'] } });
    const state = stored(await session.restore.prepare(planned, backupInMemory()));
    const [one, two] = planned.steps;
    const backup = backupInMemory();
    const prove = (step: typeof one) =>
      session.restore.prove(
        step!,
        state,
        () => backup.open(step!.lines, { decompress: true }),
        join(folder.path, 'spool'),
      );
    expect(await prove(one)).toMatchObject({ result: 'different' });
    await session.restore.apply(one!, state, () => backup.open(two!.lines, { decompress: true }));
    expect(await prove(one)).toMatchObject({
      result: 'different',
      reason: expect.stringContaining('came back altered'),
    });
    await session.restore.apply(one!, state, () => backup.open(one!.lines, { decompress: true }));
    expect(await prove(one)).toEqual({ result: 'identical' });
  });

  it('asks for every long series, and finds when queries do not', async () => {
    await server.query('CREATE DATABASE source WITH DURATION 0s SHARD DURATION 1h NAME rp');
    const lines = Array.from({ length: 1200 }, (_, at) => 1_699_999_200 + 3 * at).flatMap(
      (time, at) => [
        `long\\ one,host=a v=${at}.5,n=${at}i,text="t${at}",ok=${at % 2 === 0} ${time}`,
        `long\\ one,host=b v=${at}.5 ${time}`,
        `other,host=a v=${at}.5 ${time}`,
      ],
    );
    await server.write('source', lines);
    const directory = join(folder.path, 'long');
    await server.backup(directory, 'source');
    await server.query('CREATE RETENTION POLICY short ON source DURATION 0s REPLICATION 1');
    await server.write('source', [lines[0] ?? '', lines[2] ?? ''], 'short');
    const backup = backupInMemory(await membersOf(directory));
    const planned = await plan({ rename: { source: 'copy' } }, backup);
    const state = stored(await session.restore.prepare(planned, backup));
    const [step] = planned.steps;
    const original = () => backup.open(step!.lines, { decompress: true });
    await session.restore.apply(step!, state, original);
    const prove = (where: object) =>
      session.restore.prove(
        { ...step!, key: { ...step!.key, ...where } },
        state,
        original,
        folder.path,
      );
    expect(await prove({})).toEqual({ result: 'identical' });
    // The same files, and queries that find some of their series, or one point of each.
    for (const where of [{ database: 'source', policy: 'short' }, { end: '1699999200000000001' }]) {
      expect(await prove(where)).toMatchObject({
        result: 'different',
        reason: expect.stringMatching(/^the server finds only [01] of 1200 points of long one/),
      });
    }
    await server.query(`DELETE FROM other WHERE time > 1699999300s`, 'copy');
    expect(await prove({})).toMatchObject({
      result: 'different',
      reason: expect.stringMatching(/finds only \d+ of 1200 points of other v$/),
    });
  });

  it('counts points that somebody writes meanwhile as no fault', async () => {
    const planned = await plan({ select: { databases: ['telemetry'] } });
    const state = stored(await session.restore.prepare(planned, backupInMemory()));
    const [step] = planned.steps;
    const original = () => backupInMemory().open(step!.lines, { decompress: true });
    await server.write('telemetry', ['cpu,host=c v=1 1699999300'], 'raw');
    await session.restore.apply(step!, state, original);
    await server.write('telemetry', ['cpu,host=c v=1 1699999301'], 'raw');
    expect(await session.restore.prove(step!, state, original, folder.path)).toEqual({
      result: 'equivalent',
    });
  });

  it('keeps what would expire at once until it is proven, and warns', async () => {
    await server.query('CREATE DATABASE source WITH DURATION 0s SHARD DURATION 1h NAME rp');
    await server.write('source', ['m v=1 1700000000', 'm v=2 1700003600']);
    const directory = join(folder.path, 'expiring');
    await server.query('ALTER RETENTION POLICY rp ON source DURATION 2h');
    await server.backup(directory, 'source');
    const { planned, proofs } = await restore(
      { rename: { source: 'copy' } },
      backupInMemory(await membersOf(directory)),
    );
    expect(planned.summary.warnings).toMatchObject([
      { code: 'OPEN_TO_CLIENTS' },
      { code: 'RETENTION_EXPIRES', subject: 'copy/rp' },
    ]);
    expect(proofs).toEqual([{ result: 'identical' }, { result: 'identical' }]);
    expect(await policies('copy')).toEqual({ rp: '2h0m0s' });
  });

  it.each([
    ['of organisations', { select: { organisations: ['x'] } }, 'INPUT_INVALID'],
    ['of unknown databases', { select: { databases: ['x'] } }, 'SELECTION_EMPTY'],
    ['of unknown policies', { select: { retentionPolicies: ['x'] } }, 'SELECTION_EMPTY'],
    ['of what is not restored', { rename: { x: 'y' } }, 'INPUT_INVALID'],
    ['to a name with a slash', { rename: { telemetry: 'a/b' } }, 'INPUT_INVALID'],
    ['to one name twice', { rename: { telemetry: 'empty' } }, 'INPUT_INVALID'],
  ] as const)('refuses a request %s', async (_, request, code) => {
    await expect(plan(request as unknown as Request)).rejects.toMatchObject({ code });
  });
});

describe('the preflight of a real InfluxDB 1', () => {
  it('tells version and identity, and warns of what is known of it', async () => {
    expect(await session.preflight('restore')).toEqual({
      version: '1.6.7~rc0',
      identity: expect.stringMatching(/^[0-9a-f]{16}$/),
      warnings: [{ code: 'VERSION_DEFECT', message: expect.stringContaining('1.8.10') }],
    });
  });

  it('makes the doctor say that it can be restored into, and not that it can be backed up', async () => {
    const { url, snapshot } = server;
    const password = '{ env: HOLDFAST_TEST_V1_PASSWORD }';
    const connection = `{ url: "${url}", snapshot: "${snapshot}", username: admin, password: ${password} }`;
    const text = withTarget('', connection).replace('influxdb-v2', 'influxdb-v1');
    const [check] = await checkTargets(await load(text));
    expect(check).toMatchObject({
      level: 'ok',
      message: expect.stringMatching(/^influxdb-v1 1\S+ can be restored into$/) as string,
    });
  });

  it('refuses a wrong password, and a user who is no administrator', async () => {
    process.env['HOLDFAST_TEST_V1_OTHER'] = 'wrong';
    const password = { env: 'HOLDFAST_TEST_V1_OTHER' };
    await using wrong = disposable(connect({ password }));
    await expect(wrong.preflight('restore')).rejects.toMatchObject({ code: 'AUTH_REJECTED' });
    await server.query(`CREATE USER reader WITH PASSWORD 'wrong'`);
    await using lesser = disposable(connect({ username: 'reader', password }));
    await expect(lesser.preflight('restore')).rejects.toMatchObject({ code: 'PERMISSION_MISSING' });
  });

  it('says what to set when nobody answers at the port of the snapshot protocol', async () => {
    await using other = disposable(connect({ snapshot: `127.0.0.1:${await freePort()}` }));
    await expect(other.preflight('restore')).rejects.toMatchObject({
      code: 'TARGET_UNREACHABLE',
      hint: expect.stringContaining('bind-address'),
    });
  });

  it('notices when both ports are of different servers', async () => {
    await server.query('CREATE DATABASE only_here');
    await using second = await startInfluxdV1();
    await using mixed = disposable(connect({ snapshot: second.snapshot }));
    await expect(mixed.preflight('restore')).rejects.toMatchObject({ code: 'WRONG_SERVER' });
  });
});

function disposable(of: ProductSession): ProductSession & AsyncDisposable {
  return { ...of, [Symbol.asyncDispose]: () => of.close() };
}
